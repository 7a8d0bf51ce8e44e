// Walks through the console of `digest serve` in a real Chromium without scripts, on a phone and a desktop, by keyboard.
//
//     node console.mjs CHROMIUM URL PASSWORD
//
// Needs `playwright-core`. The home has a subscription `kelp`. Prints nothing; fails where it gets stuck.
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(resolve(process.env.DIGEST_NODE_MODULES ?? ".", "look.cjs")));
const { chromium } = require("playwright-core");

const [executablePath, url, password] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

// Presses Tab until an element has the focus, as somebody without a mouse does.
async function reach(tab, selector) {
  for (let presses = 0; presses < 80; presses += 1) {
    if (await tab.locator(selector).first().evaluate((element) => element === document.activeElement)) return;
    await tab.keyboard.press("Tab");
  }
  throw new Error(`${selector} cannot be reached by keyboard`);
}

async function press(tab, selector, key = "Enter") {
  await reach(tab, selector);
  await Promise.all([tab.waitForNavigation(), tab.keyboard.press(key)]);
}

for (const width of [320, 1280]) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, javaScriptEnabled: false });
  const tab = await context.newPage();
  tab.setDefaultTimeout(20000);
  await tab.goto(`${url}/admin`);
  await reach(tab, "input[name=password]");
  await tab.keyboard.type(password);
  await Promise.all([tab.waitForNavigation(), tab.keyboard.press("Enter")]);
  await press(tab, "nav a[href$='/subscriptions']");
  await reach(tab, "input[name=q]");
  await tab.keyboard.type("kel");
  await Promise.all([tab.waitForNavigation(), tab.keyboard.press("Enter")]);
  await press(tab, "tbody th a");
  await press(tab, "form[action$='/off'] button");
  await tab.getByRole("status").filter({ hasText: "is off" }).waitFor();
  await press(tab, "form[action$='/on'] button");
  await tab.getByRole("status").filter({ hasText: "is on" }).waitFor();
  await press(tab, "nav a[href$='/actions']");
  await tab.getByText("turned a subscription off").first().waitFor();
  await press(tab, "form[action$='/sign-out'] button");
  await tab.locator("input[name=password]").waitFor();
  await context.close();
}
await browser.close();
