// Subscribes in a real Chromium, from the form to the end of the subscription, and reports problems.
//
//     node subscribe.mjs CHROMIUM URL MAIL_FOLDER script|no-script
//
// The mails are read from a Maildir. Prints one JSON list of problems; an empty list means that there are none.
import { createRequire } from "node:module";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(resolve(process.env.DIGEST_NODE_MODULES ?? ".", "subscribe.cjs")));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [executablePath, url, folder, how] = process.argv.slice(2);
const problems = [];
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const context = await browser.newContext({ javaScriptEnabled: how === "script", locale: how === "script" ? "en" : "de" });
const tab = await context.newPage();
tab.on("pageerror", (error) => problems.push(`script: ${error.message}`));
tab.on("request", (request) => { if (!request.url().startsWith(url)) problems.push(`asks ${request.url()}`); });

async function look(name) {
  if (how !== "script") return;
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [320, 1280]) {
      await tab.emulateMedia({ colorScheme });
      await tab.setViewportSize({ width, height: 900 });
      const over = await tab.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (over > 0) problems.push(`${name}: wider than ${width} by ${over} px`);
      await tab.evaluate(axe);
      const found = await tab.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
      for (const each of found.violations) problems.push(`${name} ${colorScheme} ${width}: ${each.id} ${each.nodes[0].html.slice(0, 160)}`);
    }
  }
}

async function mailed(pattern) {
  for (let tries = 0; tries < 240; tries += 1) {
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      const text = readFileSync(`${folder}/${name}`, "utf8").replace(/=\r?\n/g, "").replaceAll("=3D", "=");
      const found = text.match(pattern);
      if (found) return url + found[1];
    }
    await new Promise((done) => setTimeout(done, 250));
  }
  throw new Error(`no mail has ${pattern}`);
}

// Presses a button by the keyboard alone.
async function press(selector) {
  await tab.focus(selector);
  await Promise.all([tab.waitForNavigation({ timeout: 30000 }), tab.keyboard.press("Enter")]);
}

try {
  await tab.goto(`${url}/subscribe`);
  await tab.fill("#keywords", "kelp\n(lamp");
  if (how === "script") await tab.waitForSelector("#notes pre", { timeout: 15000 });
  await look("a mistake");
  await tab.fill("#keywords", "kelp");
  if (how === "script") await tab.waitForSelector("#tried mark", { timeout: 30000 });
  else await press(".still");
  await tab.waitForSelector("#tried mark");
  await look("the form");
  await tab.fill("#email", "ada@example.org");
  await tab.waitForTimeout(2100);
  await press("button[value=send]:not(.trap)");
  if (!tab.url().endsWith("/subscribe/sent")) problems.push(`sent to ${tab.url()}`);
  await look("sent");
  await tab.goto(await mailed(/(\/confirm\/[\w-]+)/));
  await look("confirm");
  await press("button");
  if (!tab.url().includes("/manage/")) problems.push(`confirmed at ${tab.url()}`);
  await tab.goto(await mailed(/(\/feedback\/[\w.-]+\/\d+)/));
  await press("button[value=dislike]");
  await look("feedback");
  await tab.goto(await mailed(/(\/manage\/\d+-[\w-]+)/));
  for (const action of ["undo", "weekly", "pause", "resume"]) {
    await press(`button[value=${action}]`);
    await look(action);
  }
  await press("button[value=leave]");
  if (!tab.url().endsWith("?done=leave")) problems.push(`left at ${tab.url()}`);
  await tab.goto(`${url}/manage`);
  await look("sign in");
} catch (error) {
  problems.push(String(error).slice(0, 500));
}
await browser.close();
console.log(JSON.stringify(problems));
