// Opens pages in a real Chromium, in light and dark mode, at phone and desktop widths, and reports problems.
//
//     node look.mjs CHROMIUM SCREENSHOT_FOLDER|- PAGE.html…
//
// Needs `playwright-core` and `axe-core` (from NODE_PATH or a node_modules folder above). Prints one JSON object:
// {"PAGE:scheme:width": ["problem …", …], …}; an empty list means that there are no problems.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(resolve(process.env.DIGEST_NODE_MODULES ?? ".", "look.cjs")));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [executablePath, shots, ...pages] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const report = {};
for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 360, 700]) {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
    await context.route(/^https?:/, (route) => route.abort());
    const tab = await context.newPage();
    for (const page of pages) {
      const found = [];
      tab.removeAllListeners("pageerror");
      tab.on("pageerror", (error) => found.push(`script: ${error.message}`));
      await tab.goto(pathToFileURL(resolve(page)).href);
      const over = await tab.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (over > 0) found.push(`wider than the window by ${over} px`);
      const input = await tab.$(".search input");
      if (input) {
        await input.fill("a");
        const hits = await tab.waitForSelector(".search li", { timeout: 5000 }).catch(() => null);
        if (!hits) found.push("the search has no results");
      }
      if (width !== 320) {
        await tab.evaluate(axe);
        const result = await tab.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
        for (const each of result.violations) {
          found.push(`${each.id} (${each.impact}): ${each.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
        }
      }
      if (shots !== "-") {
        await tab.screenshot({ path: `${shots}/${basename(page, ".html")}-${colorScheme}-${width}.png` });
      }
      report[`${page}:${colorScheme}:${width}`] = found;
    }
    await context.close();
  }
}
await browser.close();
console.log(JSON.stringify(report, null, 1));
