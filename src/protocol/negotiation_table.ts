/**
 * The Q method of RFC 1143, section 7, as a table: one for both sides of an option.
 *
 * RFC 1143 describes `him`, the peer's side, with WILL/WONT received and DO/DONT sent; `us` is the
 * same with the verbs exchanged. Here `yes` stands for WILL or DO and `no` for WONT or DONT,
 * received; `say yes` and `say no` are what goes out. The RFC keeps a queue bit beside the states
 * WANTNO and WANTYES; here each pair of state and bit is a state of its own:
 *
 * | here | RFC 1143 |
 * |---|---|
 * | `NO` | NO |
 * | `WANTNO` | WANTNO, queue empty |
 * | `WANTNO_THEN_YES` | WANTNO, queue opposite |
 * | `WANTYES` | WANTYES, queue empty |
 * | `WANTYES_THEN_NO` | WANTYES, queue opposite |
 * | `YES` | YES |
 * | `UNANSWERED` | NO, where a request to turn it on found no answer |
 *
 * The trigger `timeout` is not in the RFC. It rescues a request that the peer never answers:
 * TinTin++ never acknowledges a WONT, and other clients stay silent where they mean no. RFC 854
 * lets nobody refuse a WONT or DONT, so silence there is agreement; an unanswered WILL or DO is
 * off until a late answer turns it on. As the peer may have acted on it without a word, turning it
 * off is then said all the same.
 *
 * Giving up breaks the RFC's rule of one request at a time, on which its freedom from loops rests:
 * the answer may only be slow, and be taken for the answer to a later request. So the negotiator
 * remembers what may still come, and absorbs it; see `LateAnswers`.
 */
import type { OptionChange } from "./events.ts";

/** Where one side of one option stands. */
export type NegotiationState =
  | "NO"
  | "WANTNO"
  | "WANTNO_THEN_YES"
  | "WANTYES"
  | "WANTYES_THEN_NO"
  | "YES"
  | "UNANSWERED";

/** What can happen to it. `yes (unwilling)` is a request that this side does not agree to. */
export type NegotiationTrigger =
  | "yes"
  | "yes (unwilling)"
  | "no"
  | "enable"
  | "disable"
  | "timeout";

/** What to send. */
export type NegotiationReply = "-" | "say yes" | "say no";

type Row = readonly [next: NegotiationState, reply: NegotiationReply, change: OptionChange | "-"];
type Table = Readonly<Record<NegotiationTrigger, Readonly<Record<NegotiationState, Row>>>>;

/** All transitions. Hold it against RFC 1143, section 7, row by row. */
export const NEGOTIATION_TABLE: Table = {
  "yes": {
    NO: ["YES", "say yes", "enabled"],
    WANTNO: ["NO", "-", "disabled"], // the RFC's "Error: DONT answered by WILL"
    WANTNO_THEN_YES: ["YES", "-", "-"], // the same error; the RFC settles on YES
    WANTYES: ["YES", "-", "enabled"],
    WANTYES_THEN_NO: ["WANTNO", "say no", "-"],
    YES: ["YES", "-", "-"],
    UNANSWERED: ["YES", "say yes", "enabled"],
  },
  "yes (unwilling)": {
    NO: ["NO", "say no", "-"],
    WANTNO: ["NO", "-", "disabled"],
    WANTNO_THEN_YES: ["YES", "-", "-"],
    WANTYES: ["YES", "-", "enabled"],
    WANTYES_THEN_NO: ["WANTNO", "say no", "-"],
    YES: ["YES", "-", "-"],
    UNANSWERED: ["NO", "say no", "-"],
  },
  "no": {
    NO: ["NO", "-", "-"],
    WANTNO: ["NO", "-", "disabled"],
    WANTNO_THEN_YES: ["WANTYES", "say yes", "disabled"],
    WANTYES: ["NO", "-", "refused"],
    WANTYES_THEN_NO: ["NO", "-", "refused"],
    YES: ["NO", "say no", "disabled"],
    UNANSWERED: ["NO", "-", "-"],
  },
  "enable": {
    NO: ["WANTYES", "say yes", "-"],
    WANTNO: ["WANTNO_THEN_YES", "-", "-"],
    WANTNO_THEN_YES: ["WANTNO_THEN_YES", "-", "-"],
    WANTYES: ["WANTYES", "-", "-"],
    WANTYES_THEN_NO: ["WANTYES", "-", "-"],
    YES: ["YES", "-", "-"],
    UNANSWERED: ["WANTYES", "say yes", "-"],
  },
  "disable": {
    NO: ["NO", "-", "-"],
    WANTNO: ["WANTNO", "-", "-"],
    WANTNO_THEN_YES: ["WANTNO", "-", "-"],
    WANTYES: ["WANTYES_THEN_NO", "-", "-"],
    WANTYES_THEN_NO: ["WANTYES_THEN_NO", "-", "-"],
    YES: ["WANTNO", "say no", "-"],
    UNANSWERED: ["WANTNO", "say no", "-"],
  },
  "timeout": {
    NO: ["NO", "-", "-"],
    WANTNO: ["NO", "-", "disabled"],
    WANTNO_THEN_YES: ["WANTYES", "say yes", "disabled"],
    WANTYES: ["UNANSWERED", "-", "unanswered"],
    WANTYES_THEN_NO: ["WANTNO", "say no", "-"],
    YES: ["YES", "-", "-"],
    UNANSWERED: ["UNANSWERED", "-", "-"],
  },
};
