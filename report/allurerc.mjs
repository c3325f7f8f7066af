// Allure's generator for pico-hil's reports: see docs/reports.md. Paths come from report/build.py.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { env } from "node:process";

const graphs = env.HIL_REPORT_GRAPHS;

const category = (name) => ({
  name,
  matchers: { labels: { category: new RegExp(`^${name}$`) } },
  groupByMessage: false,
  expand: true,
});

export default {
  name: env.HIL_REPORT_NAME ?? "pico-hil",
  output: env.HIL_REPORT_OUTPUT,
  historyPath: env.HIL_REPORT_HISTORY,
  appendHistory: true,
  // They say on which host pytest ran, which is in the run's metadata, and where the test is, which its path says.
  hideLabels: ["host", "thread", "framework", "language", "package"],
  categories: ["product defect", "limit exceeded", "invariant violated", "bench error", "blocked"].map(category),
  globalAttachments: readdirSync(graphs).sort().map((name) => join(graphs, name)),
  plugins: {
    awesome: {
      options: {
        reportLanguage: "en",
        singleFile: true,
        groupBy: ["parentSuite", "suite", "subSuite"],
        publish: false,
      },
    },
  },
};
