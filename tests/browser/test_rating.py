"""Rating in a real browser: with the mouse, with the keyboard, without JavaScript, light and dark.

Needs Chromium and its driver: `make test-browser`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Open, press, wait_for
from rating_factory import server, write_atlas
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

from headatlas.rating.store import open_store


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    return tmp_path / "r.sqlite"


@pytest.fixture
def address(tmp_path: Path, ratings: Path) -> Iterator[str]:
    with server(write_atlas(tmp_path / "run"), ratings, "--heads", "4") as (found, _):
        yield found


def enter(driver: WebDriver, address: str, name: str) -> None:
    driver.get(address)
    # The field is given the focus when the page is first drawn, which is after it is loaded.
    WebDriverWait(driver, 20).until(lambda d: d.switch_to.active_element.tag_name == "input")
    press(driver, name, Keys.ENTER)
    wait_for(driver, "Mark 1 of")


def test_a_trial_by_keyboard_alone(browser: Open, address: str, ratings: Path) -> None:
    driver = browser()
    enter(driver, address, "Keys")
    press(driver, Keys.ARROW_RIGHT, Keys.SPACE, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.SPACE)
    assert "(2 marked)" in driver.find_element(By.CSS_SELECTOR, "button.main").text
    press(driver, Keys.ENTER)
    wait_for(driver, "Rate 1 of")
    press(driver, Keys.ENTER)  # without a rating nothing is sent
    assert "Rate 1 of" in driver.title
    press(driver, "2", "4", Keys.ENTER)
    wait_for(driver, "Mark 2 of")
    trial = open_store(ratings).trials(1)[0]
    assert trial.rating == 4 and trial.marked is not None
    assert sorted(trial.marked.values(), key=len) == [[], [1, 3]]
    assert [e for e in driver.get_log("browser") if e["level"] == "SEVERE"] == []


def test_a_trial_by_mouse_with_own_words(browser: Open, address: str, ratings: Path) -> None:
    driver = browser()
    enter(driver, address, "Mouse")
    driver.find_elements(By.CSS_SELECTOR, ".marking label")[4].click()
    driver.find_element(By.CSS_SELECTOR, "button.main").click()
    wait_for(driver, "Rate 1 of")
    driver.find_elements(By.CSS_SELECTOR, ".scale label")[4].click()
    driver.find_element(By.ID, "own").send_keys("3 of 5, in two", Keys.ENTER, "lines")
    assert "Rate 1 of" in driver.title  # neither digits nor Enter do anything in a text
    chain = ActionChains(driver).key_down(Keys.CONTROL).send_keys(Keys.ENTER)
    chain.key_up(Keys.CONTROL).perform()
    wait_for(driver, "Mark 2 of")
    trial = open_store(ratings).trials(1)[0]
    assert (trial.rating, trial.own) == (5, "3 of 5, in two\nlines")


def test_what_is_hostile_does_nothing(browser: Open, address: str) -> None:
    driver = browser()
    enter(driver, address, "<img src=x onerror=alert(1)>")
    driver.find_element(By.NAME, "unsure").click()
    wait_for(driver, "Rate 1 of")
    text = driver.find_element(By.CSS_SELECTOR, ".exemplar .text").text
    assert "</div><script>alert(1)</script>" in text and "U+202E" in text
    assert driver.find_elements(By.CSS_SELECTOR, ".text script, .text b, bdi img") == []


def test_a_page_works_without_javascript(browser: Open, address: str, ratings: Path) -> None:
    driver = browser(javascript=False)
    enter(driver, address, "Plain")
    driver.find_elements(By.CSS_SELECTOR, ".marking label")[0].click()
    driver.find_element(By.CSS_SELECTOR, "button.main").click()
    wait_for(driver, "Rate 1 of")
    driver.find_elements(By.CSS_SELECTOR, ".scale label")[0].click()
    driver.find_element(By.CSS_SELECTOR, "button.main").click()
    wait_for(driver, "Mark 2 of")
    assert open_store(ratings).trials(1)[0].rating == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(browser: Open, address: str, scheme: str) -> None:
    driver = browser()
    feature = {"name": "prefers-color-scheme", "value": scheme}
    assert isinstance(driver, webdriver.Chrome)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    enter(driver, address, scheme)
    driver.find_elements(By.CSS_SELECTOR, ".marking label")[4].click()
    for selector in ("h1", ".marking bdi", ".marking input:checked + bdi", "button.main", ".note"):
        assert contrast(driver, selector) >= 4.5, selector  # WCAG 2, level AA
    driver.find_element(By.CSS_SELECTOR, "button.main").click()
    wait_for(driver, "Rate 1 of")
    for selector in (".scale span", ".scale b", ".exemplar .text bdi", ".q", "legend"):
        assert contrast(driver, selector) >= 4.5, selector


def contrast(driver: WebDriver, selector: str) -> float:
    """Of the text of the first such element with what is behind it (WCAG 2, relative luminance)."""
    return driver.execute_script(
        """
        const rgba = (text) => text.match(/[\\d.]+/g).map(Number);
        const light = (rgb) => rgb.slice(0, 3).map((c) => c / 255)
          .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
          .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
        const element = document.querySelector(arguments[0]);
        const layers = [];
        for (let e = element; e; e = e.parentElement) {
          layers.push(rgba(getComputedStyle(e).backgroundColor));
        }
        const behind = layers.reverse().reduce((under, [r, g, b, a = 1]) =>
          [r, g, b].map((c, i) => a * c + (1 - a) * under[i]), [255, 255, 255]);
        const both = [light(rgba(getComputedStyle(element).color)), light(behind)];
        return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
        """,
        selector,
    )
