"""A real browser: Chromium and its driver, of Debian's packages."""

import shutil
from collections.abc import Iterator

import pytest
from browsing import Open
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webdriver import WebDriver


def program(name: str) -> str:
    """Where a program of Debian's packages is."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is missing: install Debian's packages chromium and chromium-driver")
    return found


@pytest.fixture
def browser() -> Iterator[Open]:
    """Opens a browser, of which a test closes none."""
    opened: list[WebDriver] = []

    def open_(javascript: bool = True) -> WebDriver:
        options = webdriver.ChromeOptions()
        options.binary_location = program("chromium")
        for word in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "window-size=1200,900"):
            options.add_argument(f"--{word}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        if not javascript:
            preference = {"profile.managed_default_content_settings.javascript": 2}
            options.add_experimental_option("prefs", preference)
        opened.append(webdriver.Chrome(options=options, service=Service(program("chromedriver"))))
        return opened[-1]

    yield open_
    for driver in opened:
        driver.quit()
