"""What tests in a browser share."""

from collections.abc import Callable

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

Open = Callable[..., WebDriver]  # a new browser; with javascript=False one that runs none


def press(driver: WebDriver, *keys: str) -> None:
    """Press keys, wherever the focus is."""
    ActionChains(driver).send_keys(*keys).perform()


def wait_for(driver: WebDriver, words: str) -> None:
    """Until the page's title has these words."""
    WebDriverWait(driver, 20).until(lambda d: words in d.title)
