import type { OptionState, TelnetOption } from "./option.ts";

/**
 * Code of the option ECHO (RFC 857).
 *
 * After WILL ECHO, a MUD client hides what is typed. The server does not agree to DO ECHO by
 * default, as the person would type blind in line mode. It never lets the client echo, which could
 * cause loops.
 */
export const ECHO = 0x01;

/** ECHO as the server uses it. */
export const echo: TelnetOption = { code: ECHO, name: "ECHO" };

/** The events that ECHO reports to a client. */
export interface EchoEvents {
  /**
   * Whether the server echoes from now on, so that the client must not show what is typed; usually
   * because the server asks for a password.
   */
  echo: boolean;
}

/** ECHO as the client uses it: the server may echo, and the client never does. */
export const echoClient: TelnetOption<true, OptionState, EchoEvents> = {
  code: ECHO,
  name: "ECHO",
  events: ["echo"],
  agreeRemote: true,
  attach: (context) => ({
    changed(side, change) {
      if (side === "remote" && change === "enabled") context.emit("echo", true);
      else if (side === "remote" && change === "disabled") context.emit("echo", false);
    },
  }),
};
