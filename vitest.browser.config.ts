import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { CHROMIUM_ARGUMENTS, findChromium } from "./tools/chromium.ts";

const executablePath = findChromium();

/** The runtime suite in headless Chromium. */
export default defineConfig({
  test: {
    name: "browser",
    include: ["test/{runtime,browser}/**/*.test.ts"],
    globalSetup: "./test/browser/setup_node.ts",
    testTimeout: 30_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          args: [...CHROMIUM_ARGUMENTS],
          ...(executablePath !== undefined && { executablePath }),
        },
      }),
      instances: [{ browser: "chromium" }],
    },
  },
});
