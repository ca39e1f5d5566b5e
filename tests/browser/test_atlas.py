"""An atlas in a real browser, from its folder: what is pressed and clicked, and its address.

The text of this atlas is hostile. Needs Chromium and its driver: `make test-browser`.
"""

from pathlib import Path

import pytest
import reporting_factory as factory
from browsing import Open, press
from finished_run import two_explainers
from reporting_factory import RECIPE, RUN, write_run
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import Select, WebDriverWait

from headatlas.reporting.atlas import build
from headatlas.storage import write_record

TEMPLATES = Path(__file__).parents[2] / "workflow/templates"


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("browsed")
    (folder / "atlas").mkdir()
    inputs = write_run(folder / "run")
    found = factory.explanation(0, 1)  # its behaviour has keys everywhere: its program says when
    always = found.behaviours[0].model_copy(update={"frequency": 1.0})
    flagged = found.model_copy(update={"behaviours": [always], "confidence": 1.0})
    write_record(folder / "run/explanations/L00H01.json", flagged)
    build(RUN, inputs, RECIPE, folder / "atlas", templates=TEMPLATES, exemplars=2)
    return (folder / "atlas").as_uri()


def until(driver: WebDriver, script: str) -> None:
    """Until an expression of the page is true."""
    WebDriverWait(driver, 20).until(lambda d: d.execute_script(f"return {script}"))


def shown(driver: WebDriver) -> list[str]:
    """The heads in the table that are not hidden, in order."""
    rows = driver.find_elements(By.CSS_SELECTOR, "#table tbody tr:not([hidden]) th")
    return [row.text for row in rows]


def unharmed(driver: WebDriver) -> bool:
    """Whether nothing of the text became part of the page, and nothing was refused or failed."""
    severe = [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
    return not severe and driver.find_elements(By.CSS_SELECTOR, "bdi script, .text b, td img") == []


def test_search_and_filters_are_in_the_address(browser: Open, atlas: str) -> None:
    driver = browser()
    driver.get(f"{atlas}/index.html")
    assert len(shown(driver)) == 6
    press(driver, "/", "L01H01")
    until(driver, "document.getElementById('shown').textContent.startsWith('1 of 6')")
    assert shown(driver) == ["L01H01"]
    until(driver, "location.hash === '#q=L01H01'")
    driver.get("about:blank")
    driver.get(f"{atlas}/index.html#q=L01H01")
    until(driver, "document.getElementById('shown').textContent.startsWith('1 of 6')")
    driver.get("about:blank")
    driver.get(f"{atlas}/index.html#status=failed")
    assert shown(driver) == ["L00H02", "L01H02"]
    assert unharmed(driver)


def test_heads_with_a_flag_are_filtered_by_it(browser: Open, atlas: str) -> None:
    driver = browser()
    driver.get(f"{atlas}/index.html")
    own = Select(driver.find_element(By.ID, "filter-flag"))
    names = [option.text for option in own.options]
    assert names[1:] == sorted(names[1:]) and "names no trigger" in names and len(names) > 2
    for name in names[1:]:  # of several flags of a head each one finds it
        own.select_by_visible_text(name)
        assert shown(driver) == ["L00H01"]
    own.select_by_index(0)
    assert len(shown(driver)) == 6
    driver.find_element(
        By.CSS_SELECTOR, "a[data-filter=flag][data-value='names no trigger']"
    ).click()
    until(driver, "location.hash === '#flag=names+no+trigger'")
    assert shown(driver) == ["L00H01"]
    badges = driver.find_elements(By.CSS_SELECTOR, "#table tr:not([hidden]) .badge")
    assert "names no trigger" in [badge.text for badge in badges]
    driver.get("about:blank")
    driver.get(f"{atlas}/index.html#flag=names+no+trigger")
    assert shown(driver) == ["L00H01"] and unharmed(driver)


def test_maps_and_two_measures_are_in_the_address(browser: Open, atlas: str) -> None:
    driver = browser()
    driver.get(f"{atlas}/index.html")
    square = driver.find_element(By.CSS_SELECTOR, ".map a")
    before = square.get_attribute("aria-label")
    Select(driver.find_element(By.ID, "colouring")).select_by_visible_text("Cluster")
    until(driver, "document.querySelector('.map a').getAttribute('aria-label').includes('alert')")
    until(driver, "location.hash === '#colour=Cluster'")
    driver.execute_script("document.getElementById('scatter').scrollIntoView()")
    until(driver, "document.querySelectorAll('#scatter a').length > 0")
    label = driver.find_element(By.CSS_SELECTOR, "#scatter a").get_attribute("aria-label")
    driver.get("about:blank")
    driver.get(f"{atlas}/index.html#colour=Cluster")
    until(driver, "document.querySelector('.map a').getAttribute('aria-label').includes('alert')")
    driver.execute_script("location.hash = 'colour='")
    until(driver, f"document.querySelector('.map a').getAttribute('aria-label') === {before!r}")
    assert label and label.startswith("L0") and unharmed(driver)


def test_two_heads_side_by_side(browser: Open, atlas: str) -> None:
    driver = browser()
    driver.get(f"{atlas}/side.html#L00H01,L01H02")
    frames = driver.find_elements(By.TAG_NAME, "iframe")
    for frame, name in zip(frames, ("L00H01", "L01H02"), strict=True):
        driver.switch_to.frame(frame)
        until(driver, f"document.querySelector('h1')?.textContent.startsWith({name!r})")
        driver.switch_to.default_content()
    Select(driver.find_elements(By.TAG_NAME, "select")[1]).select_by_value("L00H00")
    until(driver, "location.hash === '#L00H01,L00H00'")
    driver.get("about:blank")
    driver.get(f"{atlas}/side.html#../../secret,javascript:alert(1)")
    until(
        driver, "document.querySelectorAll('iframe')[1].getAttribute('src') === 'heads/L00H01.html'"
    )
    assert unharmed(driver)


def test_a_head_by_mouse_and_keyboard(browser: Open, atlas: str) -> None:
    driver = browser()
    driver.get(f"{atlas}/heads/L00H01.html")
    figure = driver.find_element(By.CSS_SELECTOR, ".exemplar")
    tokens = figure.find_elements(By.CSS_SELECTOR, ".text > bdi")
    ActionChains(driver).move_to_element(tokens[0]).perform()
    readout = figure.find_element(By.CSS_SELECTOR, ".readout")
    assert readout.text.startswith("token 0 ")
    figure.find_element(By.CSS_SELECTOR, ".text").send_keys(Keys.ARROW_RIGHT)
    assert not readout.text.startswith("token 0 ")
    figure.find_element(By.TAG_NAME, "button").click()
    until(driver, "document.fullscreenElement !== null")
    press(driver, Keys.ESCAPE)
    driver.execute_script("document.exitFullscreen?.(); document.activeElement.blur()")
    press(driver, "j")
    WebDriverWait(driver, 20).until(lambda d: d.title.startswith("L00H02"))
    press(driver, "k")
    WebDriverWait(driver, 20).until(lambda d: d.title.startswith("L00H01"))
    assert unharmed(driver)


def test_without_javascript_every_head_is_reached(browser: Open, atlas: str) -> None:
    driver = browser(javascript=False)
    driver.get(f"{atlas}/index.html")
    driver.find_elements(By.CSS_SELECTOR, ".map a")[1].click()
    WebDriverWait(driver, 20).until(lambda d: d.title.startswith("L00H01"))
    driver.find_element(By.CSS_SELECTOR, "a[rel=next]").click()
    WebDriverWait(driver, 20).until(lambda d: d.title.startswith("L00H02"))


def test_other_explanations_of_the_head_are_linked_where_they_are(
    browser: Open, tmp_path: Path
) -> None:
    driver = browser()
    atlases = two_explainers(tmp_path / "results")
    for atlas, other in zip(atlases, ("terse", "symbolic"), strict=True):
        driver.get((atlas / "heads/L01H01.html").as_uri())
        until(driver, "!document.getElementById('other-runs').hidden")
        (link,) = driver.find_elements(By.CSS_SELECTOR, "#other-runs li:not([hidden]) a")
        assert link.text.startswith("=cmd() </script>")
        link.click()
        until(driver, f"location.pathname.includes('/{other}/') && document.querySelector('h1')")
        assert driver.title.startswith("L01H01")
