import { assertEquals } from "@std/assert";
import { NEGOTIATION_TABLE } from "../../src/protocol/negotiation_table.ts";

/**
 * RFC 1143, section 7: state and queue bit, received command or own request, next state, answer.
 * Written from the RFC, not from the table in src.
 */
const RFC_1143: [state: string, trigger: string, next: string, send: string][] = [
  ["NO", "WILL agreed", "YES", "DO"],
  ["NO", "WILL", "NO", "DONT"],
  ["YES", "WILL", "YES", ""],
  ["WANTNO EMPTY", "WILL", "NO", ""],
  ["WANTNO OPPOSITE", "WILL", "YES", ""],
  ["WANTYES EMPTY", "WILL", "YES", ""],
  ["WANTYES OPPOSITE", "WILL", "WANTNO EMPTY", "DONT"],
  ["NO", "WONT", "NO", ""],
  ["YES", "WONT", "NO", "DONT"],
  ["WANTNO EMPTY", "WONT", "NO", ""],
  ["WANTNO OPPOSITE", "WONT", "WANTYES EMPTY", "DO"],
  ["WANTYES EMPTY", "WONT", "NO", ""],
  ["WANTYES OPPOSITE", "WONT", "NO", ""],
  ["NO", "enable", "WANTYES EMPTY", "DO"],
  ["YES", "enable", "YES", ""],
  ["WANTNO EMPTY", "enable", "WANTNO OPPOSITE", ""],
  ["WANTNO OPPOSITE", "enable", "WANTNO OPPOSITE", ""],
  ["WANTYES EMPTY", "enable", "WANTYES EMPTY", ""],
  ["WANTYES OPPOSITE", "enable", "WANTYES EMPTY", ""],
  ["NO", "disable", "NO", ""],
  ["YES", "disable", "WANTNO EMPTY", "DONT"],
  ["WANTNO EMPTY", "disable", "WANTNO EMPTY", ""],
  ["WANTNO OPPOSITE", "disable", "WANTNO EMPTY", ""],
  ["WANTYES EMPTY", "disable", "WANTYES OPPOSITE", ""],
  ["WANTYES OPPOSITE", "disable", "WANTYES OPPOSITE", ""],
];

const STATES: Record<string, keyof typeof NEGOTIATION_TABLE.yes> = {
  "NO": "NO",
  "YES": "YES",
  "WANTNO EMPTY": "WANTNO",
  "WANTNO OPPOSITE": "WANTNO_THEN_YES",
  "WANTYES EMPTY": "WANTYES",
  "WANTYES OPPOSITE": "WANTYES_THEN_NO",
};
const REPLIES: Record<string, string> = { "": "-", "DO": "say yes", "DONT": "say no" };

Deno.test("NEGOTIATION_TABLE is RFC 1143, section 7, row by row", () => {
  for (const [state, trigger, next, send] of RFC_1143) {
    const triggers = {
      "WILL agreed": ["yes"],
      // Whether we agree matters only in state NO.
      "WILL": state === "NO" ? ["yes (unwilling)"] : ["yes", "yes (unwilling)"],
      "WONT": ["no"],
    }[trigger] ?? [trigger];
    for (const name of triggers) {
      const rows = NEGOTIATION_TABLE[name as keyof typeof NEGOTIATION_TABLE];
      const [gotNext, gotReply] = rows[STATES[state] ?? "NO"];
      assertEquals(
        [gotNext, gotReply],
        [STATES[next] ?? "NO", REPLIES[send] ?? ""],
        `${state} ${name}`,
      );
    }
  }
});
