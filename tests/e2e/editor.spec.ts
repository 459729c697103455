// The text editor: typing, submitting, diagnostics, completion, hover, the keyboard's way out, huge texts,
// and the text area that stands in for it. These tests drive web/loader.js and web/editor.ts alone,
// on an empty page, so that they say something about the editor whatever the app around it does.

import { readFileSync } from "node:fs";
import type { Editor, EditorOptions } from "../../web/editor-api.ts";
import { expect, URL_VARIABLE, test, type Page } from "./harness.ts";

declare global {
  interface Window {
    editor: Editor;
    said: string[];
    longest: number;
  }
}

const LOADER = readFileSync("web/loader.js", "utf8");
const MODULE = readFileSync("static/generated/editor.js", "utf8");
/** What the module shares with Vim's keys, and these, which it fetches when they are wanted. */
const PARTS = ["editor-core.js", "editor-vim.js"].map((name) => [name, readFileSync(`static/generated/${name}`, "utf8")] as const);
const TEXT = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: agent\n";

/** A page with nothing but a button, an editor and a link; `files` is what the server has. */
async function editorPage(page: Page, text: string, options: Partial<EditorOptions> = {}, module = MODULE): Promise<void> {
  const root = new URL("editor-test/", process.env[URL_VARIABLE]).href;
  const serve = (name: string, contentType: string, body: string, status = 200) =>
    page.route(root + name, (route) => route.fulfill({ contentType, body, status }));
  const html = '<!DOCTYPE html><title>editor</title><button>before</button><div id="at" style="height: 400px"></div><a href="#">after</a>';
  await serve("", "text/html", html);
  await serve("loader.js", "text/javascript", LOADER);
  await serve("editor.js", "text/javascript", module, module === "" ? 404 : 200);
  for (const [name, body] of PARTS) await serve(name, "text/javascript", body);
  await page.goto(root);
  await page.evaluate(
    async ({ text, options }) => {
      window.said = [];
      const { createEditor } = await import(new URL("loader.js", document.baseURI).href);
      window.editor = createEditor(document.querySelector("#at"), {
        text,
        label: "DaemonSet manifest",
        name: "daemonset",
        hint: "Press Escape, then Tab to leave the editor",
        onChange: (now: string, key: string) => window.said.push(`change ${key}${now.length}`),
        onSubmit: (now: string) => window.said.push(`submit ${now.length}`),
        complete: async (_text: string, offset: number) => ({
          from: offset - 1,
          options: [{ label: "template", detail: "PodTemplateSpec", info: "The pod that is made" }],
        }),
        hover: (_text: string, offset: number) => ({ from: offset, to: offset, text: "string\n<b>not bold</b>" }),
        ...options,
      });
    },
    { text, options },
  );
}

const arrived = (page: Page) => expect.poll(() => page.evaluate(() => window.editor.kind())).toBe("codemirror");
const text = (page: Page) => page.evaluate(() => window.editor.getText());
const said = (page: Page) => page.evaluate(() => window.said);
const field = (page: Page) => page.getByRole("textbox", { name: "DaemonSet manifest" });

test("what is typed is told once, and submitting tells it first", async ({ page }) => {
  await editorPage(page, TEXT);
  await arrived(page);
  await page.evaluate(() => window.editor.revealLine(4, 14));
  await field(page).focus();
  await page.keyboard.type("-x");
  await expect.poll(() => said(page)).toContain(`change ${TEXT.length + 2}`);
  await page.keyboard.type("!");
  await page.keyboard.press("Control+Enter");
  await page.keyboard.press("Control+s");
  const length = TEXT.length + 3;
  expect((await said(page)).slice(-3)).toEqual([`change ${length}`, `submit ${length}`, `submit ${length}`]);
  expect(await text(page)).toBe(TEXT.replace("agent", "agent-x!"));
});

test("a text put in from outside is not told, and leaves the cursor and undo in peace", async ({ page }) => {
  await editorPage(page, TEXT);
  await arrived(page);
  await page.evaluate(() => window.editor.revealLine(4, 14));
  await page.evaluate((now) => window.editor.setText(now), TEXT.replace("apps/v1", "apps/v1beta1"));
  await field(page).focus();
  await page.keyboard.type("!");
  expect(await text(page)).toBe(TEXT.replace("apps/v1", "apps/v1beta1").replace("agent", "agent!"));
  expect(await said(page)).toHaveLength(1);
});

test("a manifest pasted over everything arrives as it is", async ({ page }) => {
  await editorPage(page, "old: text\n");
  await arrived(page);
  await field(page).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(TEXT);
  expect(await text(page)).toBe(TEXT);
});

test("each document keeps its own cursor and undo", async ({ page }) => {
  await editorPage(page, "one: 1\n");
  await arrived(page);
  await field(page).focus();
  await page.keyboard.type("a");
  await page.evaluate(() => window.editor.openDocument("second", "two: 2\n"));
  await page.keyboard.type("b");
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+z");
  expect(await text(page)).toBe("two: 2\n");
  await page.evaluate(() => window.editor.openDocument("", "aone: 1\n"));
  await page.keyboard.type("c");
  expect(await text(page)).toBe("acone: 1\n");
  await page.keyboard.press("Control+z");
  expect(await text(page)).toBe("aone: 1\n");
  await page.keyboard.press("Control+z");
  expect(await text(page)).toBe("one: 1\n");
});

test("a change of a huge document is told under its own key, though another one is open by then", async ({ page }) => {
  await editorPage(page, "key: value\n".repeat(60_000));
  await arrived(page);
  await field(page).focus();
  await page.keyboard.type("x");
  await page.evaluate(() => window.editor.openDocument("second ", "two: 2\n"));
  await expect.poll(() => said(page)).toEqual(["change 660001"]);
  await page.keyboard.type("y");
  await expect.poll(() => said(page)).toEqual(["change 660001", "change second 8"]);
});

test("a diagnostic is underlined, marked at its line and says its words as text", async ({ page }) => {
  await editorPage(page, TEXT);
  await arrived(page);
  await page.evaluate(() => {
    const from = window.editor.offsetAt(2, 7);
    const message = 'no matches for kind "<b>DaemonSet</b>"';
    window.editor.setDiagnostics([{ from, to: from + 9, severity: "error", message, help: "Try apps/v1" }]);
  });
  await expect(page.locator(".cm-lintRange-error")).toHaveText("DaemonSet");
  await expect(page.locator(".cm-lint-marker-error")).toBeVisible();
  await page.locator(".cm-lintRange-error").hover();
  await expect(page.locator(".cm-diagnosticMessage")).toHaveText('no matches for kind "<b>DaemonSet</b>"');
  await expect(page.locator(".cm-diagnosticHelp")).toHaveText("Try apps/v1");
  await page.evaluate(() => window.editor.setDiagnostics([{ from: 9e9, to: -1, severity: "warning", message: "far" }]));
  await expect(page.locator(".cm-lintRange-error")).toHaveCount(0);
});

test("completion and hover ask outside and show the answers as text", async ({ page }) => {
  await editorPage(page, TEXT);
  await arrived(page);
  await page.evaluate(() => window.editor.revealLine(5, 1));
  await field(page).focus();
  await page.keyboard.type("t");
  await expect(page.getByRole("option", { name: /template/ })).toBeVisible();
  await expect(page.locator(".cm-completionInfo")).toHaveText("The pod that is made");
  await page.waitForTimeout(100); // CodeMirror ignores Enter in the first 75 ms, as it may have been meant for the text
  await page.keyboard.press("Enter");
  expect(await text(page)).toBe(TEXT + "template");
  await page.getByText("kind").hover();
  await expect(page.locator(".cm-hoverText")).toHaveText("<b>not bold</b>");
});

test("the keyboard leaves the editor with Escape, then Tab", async ({ page }) => {
  await editorPage(page, TEXT);
  await arrived(page);
  await expect(field(page)).toHaveAccessibleDescription("Press Escape, then Tab to leave the editor");
  await page.getByRole("button", { name: "before" }).focus();
  await page.keyboard.press("Tab");
  await expect(field(page)).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(field(page)).toBeFocused();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "after" })).toBeFocused();
});

test("Vim's keys come when they are wanted, and leave the Tab key free", async ({ page }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await editorPage(page, TEXT);
  await arrived(page);
  expect(asked.some((url) => url.includes("editor-vim"))).toBe(false);
  await page.evaluate(() => window.editor.setVim(true));
  const panel = page.locator(".cm-vim-panel");
  await expect(panel).toBeVisible();
  await page.getByRole("button", { name: "before" }).focus();
  await page.keyboard.press("Tab");
  await expect(field(page)).toBeFocused();
  await page.keyboard.type("dd");
  expect(await text(page)).toBe("kind: DaemonSet\nmetadata:\n  name: agent\n");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "after" })).toBeFocused();
  await page.keyboard.press("Shift+Tab");
  await expect(field(page)).toBeFocused();
  await page.keyboard.type("i");
  await expect(panel).toContainText("INSERT");
  await page.keyboard.press("Tab");
  await expect(field(page)).toBeFocused();
  expect(await text(page)).toBe("  kind: DaemonSet\nmetadata:\n  name: agent\n");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Shift+Tab");
  await expect(page.getByRole("button", { name: "before" })).toBeFocused();
  // Another document, and back to the usual keys.
  await page.evaluate(() => window.editor.openDocument("b", "a: 1\n"));
  await field(page).focus();
  await page.keyboard.type(":w");
  await page.keyboard.press("Enter");
  expect((await said(page)).at(-1)).toBe("submit 5");
  await page.evaluate(() => window.editor.setVim(false));
  await expect(panel).toHaveCount(0);
  await page.keyboard.type("dd");
  expect(await text(page)).toBe("dda: 1\n");
  await page.keyboard.press("Tab");
  await expect(field(page)).toBeFocused();
});

test("the line below a key is one step deeper, and a block folds", async ({ page }) => {
  await editorPage(page, "spec:");
  await arrived(page);
  await field(page).press("ControlOrMeta+End");
  await page.keyboard.press("Enter");
  await page.keyboard.type("containers:");
  await page.keyboard.press("Enter");
  await page.keyboard.type("- name: a");
  await page.keyboard.press("Enter");
  await page.keyboard.type("image: b");
  expect(await text(page)).toBe("spec:\n  containers:\n    - name: a\n      image: b");
  await page.locator('.cm-foldGutter span[title="Fold line"]').first().click();
  await expect(page.locator(".cm-foldPlaceholder")).toBeVisible();
  await expect(field(page)).not.toContainText("image");
  await page.locator(".cm-foldPlaceholder").click();
  await expect(field(page)).toContainText("image");
});

test("a read-only editor takes no typing and says so", async ({ page }) => {
  await editorPage(page, TEXT, { readOnly: true });
  await arrived(page);
  await field(page).focus();
  await page.keyboard.type("x");
  expect(await text(page)).toBe(TEXT);
  await expect(field(page)).toHaveAttribute("aria-readonly", "true");
  await page.evaluate(() => window.editor.setReadOnly(false));
  await page.keyboard.type("x");
  expect(await text(page)).toBe("x" + TEXT);
});

test("signs stand beside their lines with their words", async ({ page }) => {
  await editorPage(page, TEXT);
  await arrived(page);
  await page.evaluate(() => {
    window.editor.setMarkers([{ line: 2, glyph: "◆", title: "Applied" }, { line: 99, glyph: "?", title: "nowhere" }]);
    window.editor.setHighlights([{ from: 0, to: 10, className: "lit" }]);
  });
  await expect(page.locator('.cm-sign[title="Applied"]')).toHaveText("◆");
  await expect(page.locator(".lit").first()).toHaveText("apiVersion");
});

for (const [what, make] of [
  ["5 MB of lines", () => "  key: value # and a comment\n".repeat(180_000)],
  ["5 MB in one line", () => "[" + "a, ".repeat(1_700_000)],
  ["brackets 100,000 deep", () => "[".repeat(100_000)],
  ["maps 3,000 deep", () => Array.from({ length: 3_000 }, (_, depth) => " ".repeat(depth) + "- a:").join("\n")],
] as const) {
  test(`the page does not freeze: ${what}`, async ({ page }) => {
    await editorPage(page, "a: 1\n");
    await arrived(page);
    await page.evaluate(async (huge) => {
      // Without the time that the text took to come here from the test.
      await new Promise((resolve) => setTimeout(resolve, 100));
      window.longest = 0;
      const observer = new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration);
      });
      observer.observe({ type: "longtask" });
      window.editor.setText(huge);
    }, make());
    await field(page).focus();
    await page.keyboard.press("Control+End");
    await page.keyboard.type("abc");
    await expect.poll(async () => (await text(page)).slice(-10)).toContain("abc");
    await expect.poll(async () => (await said(page)).at(-1)).toBe(`change ${(await text(page)).length}`);
    // 60 ms where it was measured; the bound only catches work that grows faster than the text.
    expect(await page.evaluate(() => window.longest)).toBeLessThan(1_000);
  });
}

test.describe("without its module", () => {
  test("a text area does the work", async ({ page, errors }) => {
    await editorPage(page, TEXT, {}, "");
    await expect(field(page)).toHaveValue(TEXT);
    await field(page).fill("kind: Pod\n");
    await field(page).press("Control+Enter");
    expect(await said(page)).toEqual(["change 10", "submit 10"]);
    const places = await page.evaluate(() => {
      const { editor } = window;
      editor.setText("a\nbc\n");
      editor.setDiagnostics([{ from: 0, to: 1, severity: "error", message: "no" }]);
      return [editor.offsetAt(2, 2), editor.lineAt(3), editor.columnAt(3), editor.offsetAt(9, 9), editor.kind()];
    });
    expect(places).toEqual([3, 2, 2, 5, "textarea"]);
    await expect(field(page)).toHaveAttribute("aria-invalid", "true");
    expect(errors.splice(0)).toEqual([expect.stringContaining("404"), expect.stringContaining("plain text area")]);
  });
});
