"""What tests in a browser share."""

from collections.abc import Callable

from selenium.webdriver.remote.webdriver import WebDriver

Open = Callable[..., WebDriver]  # a new browser; with javascript=False one that runs none
