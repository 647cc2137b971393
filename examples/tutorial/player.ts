import { TelnetClient } from "../../mod.ts";
import { START } from "./world.ts";

const MAX_HEALTH = 20;

export class Player extends TelnetClient {
  name = ""; // empty until the login is complete
  room: string = START;
  health: number = MAX_HEALTH;

  /** Changes the health; a player at 0 wakes at the start. Returns whether that happened. */
  hurt(points: number): boolean {
    const before = this.health;
    this.health = Math.min(MAX_HEALTH, this.health - points);
    const fallen = this.health <= 0;
    if (fallen) {
      this.health = MAX_HEALTH;
      this.room = START;
      this.send("All goes dark. You wake by the fire.\n");
    }
    if (this.health !== before) this.sendVitals();
    return fallen;
  }

  /** For the gauges of MUD clients. Nothing is sent to a client without GMCP. */
  sendVitals(): void {
    this.telnet.gmcp.send("Char.Vitals", { hp: this.health, maxhp: MAX_HEALTH });
  }

  showPrompt(): void {
    if (this.active) this.prompt(`^g${this.health}/${MAX_HEALTH}^~> `);
  }

  isCalled(name: string): boolean {
    return this.name.toLowerCase() === name.toLowerCase();
  }

  /** Disconnects the player because the account is used from elsewhere. */
  leaveSilently(): void {
    this.send("You play from elsewhere now.\n");
    this.name = ""; // the others are not told
    this.active = false;
  }
}
