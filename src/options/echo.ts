import type { OptionState, TelnetOption } from "./option.ts";

/**
 * Code of the option ECHO (RFC 857).
 *
 * To a MUD client WILL ECHO means "hide what is typed". A server never agrees to it unasked: in
 * line mode the person would type blind. And it never lets a client echo, which makes loops.
 */
export const ECHO = 0x01;

/** ECHO as the server uses it. */
export const echo: TelnetOption = { code: ECHO, name: "ECHO" };

/** What ECHO reports to a client. */
export interface EchoEvents {
  /**
   * Whether the server shows what is typed from now on, so that the client shows nothing: mostly
   * because a password is asked for.
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
