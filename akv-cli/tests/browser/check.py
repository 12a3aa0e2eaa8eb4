"""Drives chromium over WebDriver, with the standard library only."""
import base64
import contextlib
import json
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]
OPEN_SECONDS = 3.0
USE_SECONDS = 1.5


class Browser:
    """A session with its own chromium."""

    def __init__(self, folder: pathlib.Path):
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.base = None
        for line in self.driver.stdout:
            if "started successfully on port" in line:
                self.base = f"http://127.0.0.1:{line.rstrip().rstrip('.').split()[-1]}"
                break
        options = {"binary": "/usr/bin/chromium", "args": [*FLAGS, f"--user-data-dir={folder}/profile"]}
        always = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        self.session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": always}})["sessionId"]
        # Excludes the requests that the browser itself made at its start.
        self.do("url", url="about:blank")
        self.log("performance")

    def call(self, method: str, path: str, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from error

    def do(self, path: str, **body):
        return self.call("POST", f"/session/{self.session}/{path}", body)

    def js(self, script: str, *args):
        return self.do("execute/sync", script=script, args=list(args))

    def cdp(self, command: str, **params):
        return self.do("goog/cdp/execute", cmd=command, params=params)

    def open(self, file: pathlib.Path) -> float:
        before = time.monotonic()
        self.do("url", url=file.as_uri())
        return time.monotonic() - before

    def press(self, *keys: str):
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.do("actions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def screenshot(self, folder: str, name: str):
        if folder:
            shot = self.cdp("Page.captureScreenshot")
            pathlib.Path(folder, name).write_bytes(base64.b64decode(shot["data"]))

    def log(self, kind: str):
        return self.do("se/log", type=kind)

    def close(self):
        with contextlib.suppress(Exception):
            self.call("DELETE", f"/session/{self.session}")
        self.driver.terminate()
        self.driver.wait(20)


def check(condition, what: str):
    if not condition:
        raise AssertionError(what)
    print(f"ok    {what}")


HEADS = "return [...document.querySelectorAll('#table thead th')].map(one => one.getAttribute('aria-sort'))"
CELLS = "return [...document.querySelectorAll('#table tbody tr')].map(row => row.children[arguments[0]].textContent)"
CLICK = "document.querySelectorAll('#table thead button')[arguments[0]].click()"
STATUS = "return document.getElementById('status').textContent"
FILTER = """
const field = document.getElementById('filter');
field.value = arguments[0];
field.dispatchEvent(new Event('input'));
"""


def filtered(browser: Browser, text: str, expected: str) -> float:
    before = time.monotonic()
    browser.js(FILTER, text)
    while not browser.js(STATUS).startswith(expected):
        check_time = time.monotonic() - before
        if check_time > 10:
            raise AssertionError(f"filter {text!r} shows {browser.js(STATUS)!r}, not {expected!r}")
        time.sleep(0.02)
    return time.monotonic() - before


def uses_the_table(browser: Browser):
    check(browser.js(HEADS)[4] == "ascending", "the table is sorted by expiration at first")
    days = browser.js(CELLS, 4)
    check(len(days) == 100 and [day[:10] for day in days] == sorted(day[:10] for day in days), "dates ascend")
    browser.js(CLICK, 0)
    names = browser.js(CELLS, 0)
    check(browser.js(HEADS) == ["ascending"] + [None] * 8, "aria-sort moves to the column that was clicked")
    check(names == [f"cert-{number:06}" for number in range(100)], "names ascend")
    browser.js(CLICK, 0)
    check(browser.js(HEADS)[0] == "descending", "a second click turns the order around")
    check(browser.js(CELLS, 0)[0] == "cert-000299", "names descend")
    browser.js("document.getElementById('last').click()")
    check(browser.js(CELLS, 0)[-1] == "cert-000000", "the last page has the last row")
    for column in range(9):
        browser.js(CLICK, column)
        check(browser.js(HEADS)[column] == "ascending", f"column {column} sorts")
    filtered(browser, "cert-000123", "1 of 300")
    check(browser.js(CELLS, 0) == ["cert-000123"], "the filter finds a name")
    filtered(browser, "VAULT-00001  payments", "10 of 300")
    check(all("vault-00001" in one for one in browser.js(CELLS, 2)), "words of a filter narrow together")
    check(all(one == "payments" for one in browser.js(CELLS, 7)), "owners are found")
    filtered(browser, "no such certificate", "0 of 300")
    check(browser.js("return document.getElementById('position').textContent") == "No certificate matches", "no match is said")
    filtered(browser, "", "300 certificates")
    browser.js("document.querySelector('[data-filter=expired]').click()")
    check(browser.js("return document.getElementById('filter').value") == "expired", "a finding shows its rows")
    filtered(browser, "", "300 certificates")


def uses_the_keyboard(browser: Browser):
    browser.js("document.querySelectorAll('#table thead button')[8].focus()")
    browser.press("\ue007")
    check(browser.js(HEADS)[8] == "descending", "Enter on a column's head sorts")
    browser.press("\ue004", "\ue007")
    focused = browser.js("return document.activeElement.getAttribute('aria-expanded')")
    check(focused == "true", "Tab and Enter unfold the first row")
    check(browser.js("return document.querySelectorAll('tr.detail dl').length") == 1, "a row has details")
    browser.press("\ue007")
    check(browser.js("return document.querySelectorAll('tr.detail').length") == 0, "Enter folds it again")


def is_accessible(browser: Browser):
    unnamed = """
    return [...document.querySelectorAll('button, input, [role=region], nav, svg[role=img], table')].filter(one => {
      const label = one.getAttribute('aria-label') || (one.getAttribute('aria-labelledby') || '').split(' ')
        .map(id => document.getElementById(id)?.textContent || '').join('');
      return !(label || one.textContent.trim() || one.labels?.length);
    }).map(one => one.outerHTML.slice(0, 80))"""
    check(browser.js(unnamed) == [], "every control and region has a name")
    check(browser.js("return document.documentElement.lang") == "en", "the language is named")
    levels = browser.js("return [...document.querySelectorAll('h1,h2,h3')].map(one => +one.tagName[1])")
    check(levels[0] == 1 and all(b - a <= 1 for a, b in zip(levels, levels[1:])), "headings skip no level")
    check(browser.js("return document.getElementById('status').getAttribute('role')") == "status", "counts are announced")
    contrast = """
    const channel = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const light = rgb => { const [r, g, b] = rgb.match(/[\\d.]+/g).map(Number); return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
    const ground = one => { for (; one; one = one.parentElement) { const c = getComputedStyle(one).backgroundColor; if (!/, 0\\)$/.test(c)) return c; } return 'rgb(255, 255, 255)'; };
    return [...document.querySelectorAll('body *')].filter(one => [...one.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) && one.offsetParent && !one.disabled).map(one => {
      const [a, b] = [light(getComputedStyle(one).color), light(ground(one))].sort((x, y) => y - x);
      return [(a + 0.05) / (b + 0.05), one.outerHTML.slice(0, 80)];
    }).filter(([ratio]) => ratio < 4.5).slice(0, 5)"""
    for theme in ("light", "dark"):
        browser.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
        check(browser.js(contrast) == [], f"text has a contrast of 4.5 or more in the {theme} theme")


def looks(browser: Browser, folder: str):
    for theme in ("light", "dark"):
        browser.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
        ground = browser.js("return getComputedStyle(document.body).backgroundColor")
        check((ground == "rgb(255, 255, 255)") == (theme == "light"), f"the {theme} theme has its own ground")
        for width in (1280, 390):
            browser.cdp("Emulation.setDeviceMetricsOverride", width=width, height=1200, deviceScaleFactor=1, mobile=width < 500)
            wide = browser.js("return document.documentElement.scrollWidth")
            check(wide <= width, f"the page is no wider than {width}")
            browser.screenshot(folder, f"{theme}-{width}-top.png")
            browser.js("document.getElementById('certificates').scrollIntoView()")
            browser.js("document.querySelector('.finding').open = true; document.querySelector('#table .more').click()")
            browser.screenshot(folder, f"{theme}-{width}-table.png")
            browser.js("document.querySelector('#table .more').click(); scrollTo(0, 0)")
    browser.cdp("Emulation.clearDeviceMetricsOverride")
    browser.cdp("Emulation.setEmulatedMedia", features=[])


def prints(browser: Browser, folder: str):
    pdf = base64.b64decode(browser.do("print", orientation="landscape"))
    check(len(pdf) > 20_000, "it prints")
    check(browser.js("return document.querySelectorAll('#table tbody tr').length") == 100, "the page is as it was after printing")
    if folder:
        pathlib.Path(folder, "print.pdf").write_bytes(pdf)


def stays_alone(browser: Browser):
    complaints = [entry["message"] for entry in browser.log("browser")]
    check(complaints == [], f"the console is silent: {complaints[:3]}")
    requests = []
    for entry in browser.log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
            url = message["params"].get("request", message["params"]).get("url", "")
            if not url.startswith(("file:", "data:")):
                requests.append(url)
    check(requests == [], f"nothing is requested: {requests[:3]}")


def is_inert(browser: Browser):
    check(browser.js("return document.title").startswith("Certificate report"), "no value ran as script")
    check(browser.js("return document.querySelectorAll('img, iframe, a:not(.skip)').length") == 0, "no value became markup")
    check(browser.js("return document.scripts.length") == 2, "there is one script and its data")
    filtered(browser, "</script><script>", "1 of 300")
    check("</script>" in browser.js(CELLS, 1)[0], "a value is shown as it is")
    text = browser.js("return document.body.innerText")
    check(not any(c in text for c in "\u202e\u2028\u2029\x1b"), "nothing turns the reading direction")
    filtered(browser, "", "300 certificates")
    blocked = """
    const script = document.createElement('script');
    try { script.textContent = 'document.title = "owned"'; document.body.append(script); } catch (error) { return 'refused'; }
    return document.title"""
    check(browser.js(blocked) != "owned", "the policy forbids other scripts")
    browser.log("browser")


def opens_many(browser: Browser, file: pathlib.Path):
    took = browser.open(file)
    shown = browser.js("return document.querySelectorAll('#table tbody tr').length")
    check(shown == 100, "100,000 certificates open")
    check(took < OPEN_SECONDS, f"in {took:.2f} s, less than {OPEN_SECONDS} s")
    for column in (0, 3, 8):
        before = time.monotonic()
        browser.js(CLICK, column)
        took = time.monotonic() - before
        check(took < USE_SECONDS, f"column {column} sorts in {took:.2f} s")
    took = filtered(browser, "cert-099999", "1 of 100,000")
    check(took < USE_SECONDS, f"the first filter takes {took:.2f} s")
    filtered(browser, "payments", "19,998 of 100,000")
    took = filtered(browser, "", "100,000 certificates")
    check(took < USE_SECONDS, f"the next one takes {took:.2f} s")


def main():
    work, screenshots = pathlib.Path(sys.argv[1]), sys.argv[2]
    if screenshots:
        pathlib.Path(screenshots).mkdir(parents=True, exist_ok=True)
    browser = Browser(work)
    try:
        browser.open(work / "0.html")
        check(browser.js(STATUS) == "0 certificates", "an empty inventory has a page")
        browser.open(work / "300.html")
        check(browser.js(STATUS) == "300 certificates", "the page counts its certificates")
        looks(browser, screenshots)
        uses_the_table(browser)
        uses_the_keyboard(browser)
        is_accessible(browser)
        prints(browser, screenshots)
        stays_alone(browser)
        is_inert(browser)
        browser.open(work / "changes.html")
        check("10 new" in browser.js("return document.body.innerText"), "changes are shown")
        opens_many(browser, work / "100000.html")
        stays_alone(browser)
    finally:
        browser.close()


main()
