/** Chromium as the tests start it. */
export const CHROMIUM: { readonly executablePath: string; args: string[] } = {
  executablePath: "/usr/bin/chromium",
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage", // small in containers
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

/** Whether it is installed. */
export const hasChromium: boolean = await Deno.stat(CHROMIUM.executablePath)
  .then(() => true, () => false);
