/**
 * The Q method of RFC 1143, section 7, as a table: one for both sides of an option.
 *
 * RFC 1143 describes `him`, the peer's side, with WILL/WONT received and DO/DONT sent; `us` is the
 * same with the verbs exchanged. Here `yes` is a received WILL or DO, and `no` a received WONT or
 * DONT; `say yes` and `say no` are the replies. The RFC keeps a queue bit in addition to the states
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
 * | `UNANSWERED` | NO, after an unanswered request to turn the option on |
 *
 * The trigger `timeout` is not in the RFC. It ends a request that the peer never answers: TinTin++
 * never acknowledges a WONT, and other clients do not answer if they refuse. RFC 854 does not allow
 * a peer to refuse a WONT or DONT, so no answer counts as agreement. After an unanswered WILL or DO
 * the option is off until a late answer turns it on. The peer may have turned it on without an
 * answer, so `disable` still sends `say no` in this state.
 *
 * A timeout breaks the RFC's rule of one open request at a time, which prevents loops: a slow
 * answer could be mistaken for the answer to a later request. So the negotiator remembers which
 * answers may still come, and ignores them; see `LateAnswers`.
 */
import type { OptionChange } from "./events.ts";

/** The state of one side of one option. */
export type NegotiationState =
  | "NO"
  | "WANTNO"
  | "WANTNO_THEN_YES"
  | "WANTYES"
  | "WANTYES_THEN_NO"
  | "YES"
  | "UNANSWERED";

/** What causes a transition. `yes (unwilling)` is a request or offer that this end refuses. */
export type NegotiationTrigger =
  | "yes"
  | "yes (unwilling)"
  | "no"
  | "enable"
  | "disable"
  | "timeout";

/** The reply that a transition sends. */
export type NegotiationReply = "-" | "say yes" | "say no";

type Row = readonly [next: NegotiationState, reply: NegotiationReply, change: OptionChange | "-"];
type Table = Readonly<Record<NegotiationTrigger, Readonly<Record<NegotiationState, Row>>>>;

/** All transitions. Compare them with RFC 1143, section 7, row by row. */
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
