import { TelnetError } from "../protocol/error.ts";
import type { Deadline, DeviceDialogue } from "./device_dialogue.ts";
import type { LoginOptions } from "./device_options.ts";
import {
  learnPrompt,
  LONG_SILENCE,
  MAX_ENTERS,
  MAX_SAID,
  SILENCE,
  trimmed,
} from "./prompt_finder.ts";
import { isSecret, loginRow, REFUSED, SETTLE, type Standing } from "./standing_rows.ts";

/** How often each question was answered. */
interface Asked {
  username: number;
  password: number;
}

/** Logs in; returns the text that the device sent before its prompt. */
export async function login(
  device: DeviceDialogue,
  options: LoginOptions,
  deadline: Deadline,
): Promise<string> {
  const { screen } = device;
  const said: string[] = [];
  const asked: Asked = { username: 0, password: 0 };
  let refused: string | undefined;
  let enters = 0;
  /** The number of lines received before the user name was sent. */
  let before = 0;
  const wanted = () =>
    asked.password > 0
      ? "a prompt after the password"
      : asked.username > 0
      ? "a question for the password, or a prompt"
      : "a question for a user name or password, or a prompt";
  while (true) {
    for (let line = screen.take(); line !== undefined; line = screen.take()) {
      said.push(line);
      if (asked.username + asked.password > 0 && REFUSED.test(line)) refused = line;
      if (said.length > MAX_SAID && said.shift() !== undefined) before--;
    }
    if (asked.username > 0 && device.echoes === undefined) {
      const { username = "" } = options;
      const isText = (one: string) => one.trim() !== "";
      const line = said.slice(Math.max(0, before)).find(isText);
      const shown = (line ?? screen.standing).trimStart();
      // The network may cut the echo: wait for the rest.
      const isCut = line === undefined && shown !== username && username.startsWith(shown);
      if (!isCut) device.echoes = shown.startsWith(username);
    }
    const standing = loginRow(screen.row, options, asked.username + asked.password > 0);
    const silent = asked.username + asked.password === 0 && enters < MAX_ENTERS;
    const settle = standing !== undefined
      ? settleOfLogin(device, standing, asked, refused !== undefined)
      : silent
      ? (enters === 0 ? SILENCE : LONG_SILENCE)
      : Infinity;
    const more = await device.more(settle, deadline, wanted).catch((error) => {
      if (asked.username + asked.password === 0 || !isClosed(error)) throw error;
      const last = refused ?? said.findLast((line) => line.trim() !== "");
      throw refusal("closed the connection after the login", last);
    });
    if (more) continue;
    if (standing === undefined) {
      enters++;
      screen.answer("\n");
      continue;
    }
    switch (standing.kind) {
      case "pager":
      case "press":
        screen.answer(standing.key);
        break;
      case "question":
        screen.answer(standing.answer.answer + "\n", isSecret(standing.answer, screen.row));
        break;
      case "username":
      case "password": {
        const { kind } = standing;
        const value = options[kind];
        const what = kind === "username" ? "user name" : "password";
        if (value === undefined) {
          throw refusal(`asks for a ${what}: give login() \`${kind}\``, screen.row);
        }
        // Each Enter that we sent may have answered a question, which then comes once more.
        const again = asked[kind]++ > enters;
        if (again || (kind === "username" && asked.password > enters)) {
          throw refusal(`asks for the ${what} again`, refused ?? said.at(-1));
        }
        if (kind === "username") {
          before = said.length;
          if (device.session.serverEchoes || value === "") {
            device.echoes = device.session.serverEchoes;
          }
        }
        screen.answer(value + "\n", kind === "password");
        break;
      }
      case "prompt":
        await learnPrompt(device, screen.row, options.prompt, deadline, said);
        return trimmed(said).join("\n");
    }
  }
}

/** How long a row must stay unchanged: longer for a repeated question, which may be output. */
function settleOfLogin(
  device: DeviceDialogue,
  standing: Standing,
  asked: Readonly<Asked>,
  refused: boolean,
): number {
  const begun = asked.username + asked.password > 0;
  const { kind } = standing;
  const isQuestion = kind === "username" || kind === "password";
  const again = isQuestion && (asked[kind] > 0 || (kind === "username" && asked.password > 0));
  return again && !refused ? SETTLE.unlike : device.settleOf(standing, begun);
}

function refusal(what: string, said: string | undefined): TelnetError {
  const words = said === undefined ? "" : `; it says ${JSON.stringify(said.trim().slice(0, 200))}`;
  return new TelnetError("login-refused", `Cannot log in: the device ${what}${words}`);
}

function isClosed(error: unknown): boolean {
  const codes = ["connection-closed", "connection-lost"];
  return error instanceof TelnetError && codes.includes(error.code);
}
