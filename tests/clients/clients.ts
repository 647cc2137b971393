/** The real clients, and which of them are installed. */
import { installed } from "./screen.ts";

/** A client program. */
export interface Client {
  readonly name: string;
  readonly program: string;
  readonly command: (port: number) => string;
  /** What to type to connect, if the command line cannot do it. */
  readonly connect?: (port: number) => string;
  /** Lines that the client itself shows. */
  readonly own: RegExp;
  /** Whether it is tested with the chat, and with a password. */
  readonly chat: boolean;
  readonly password: boolean;
}

const TINTIN = "/usr/games/tt++";

/** A configuration that makes TinTin++ accept GMCP, MSDP and MSSP. */
const TINTIN_EVENTS = new URL("./tintin_events.tin", import.meta.url).pathname;

const CLIENTS: readonly Client[] = [
  {
    name: "telnet",
    program: "inetutils-telnet",
    command: (port) => `inetutils-telnet 127.0.0.1 ${port}`,
    own: /^(Trying 127|Connected to|Escape character)/,
    chat: true,
    password: true,
  },
  {
    name: "nc",
    program: "nc.openbsd",
    command: (port) => `nc.openbsd 127.0.0.1 ${port}`,
    own: /^$/,
    chat: true,
    password: false,
  },
  {
    name: "TinTin++",
    program: TINTIN,
    command: (port) => `${TINTIN} -G -r ${TINTIN_EVENTS} -e '#session v 127.0.0.1 ${port}'`,
    own: /^#/,
    chat: true,
    password: true,
  },
  {
    name: "plink",
    program: "plink",
    command: (port) => `plink -telnet -P ${port} 127.0.0.1`,
    own: /^$/,
    chat: true,
    password: true,
  },
  {
    name: "TinyFugue",
    program: "tf5",
    command: (port) => `tf5 -n -f 127.0.0.1 ${port}`,
    own: /^(%|_{5}| {4}You should)/,
    chat: false,
    password: false,
  },
  {
    name: "KBtin",
    program: "KBtin",
    command: () => "KBtin",
    connect: (port) => `#ses v {127.0.0.1 ${port}}`,
    own: /^ *#|^KBtin \d|^-+$/,
    chat: false,
    password: false,
  },
];

/** Whether a missing client fails the tests. */
export const required: boolean = Deno.env.get("MINIBOA_CLIENTS") === "required";

/** The missing programs. */
export const missing: string[] = [];
for (const program of ["tmux", ...CLIENTS.map((client) => client.program)]) {
  if (!await installed(program)) missing.push(program);
}

/** The reason for a skipped test, for its name. */
export const why: string = missing.length === 0 ? "" : ` (not installed: ${missing.join(", ")})`;

/** The clients that can be tested here. */
export const installedClients: readonly Client[] = missing.includes("tmux")
  ? []
  : CLIENTS.filter(({ program }) => !missing.includes(program));
