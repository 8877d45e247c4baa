/** What comes down a tunnel as the body of an answer: no more is held than the window, in whatever pieces it comes. */
import { ByteRoom } from "../../core/tunnel/byte-room.ts";

export interface BodyEvents {
  /** Read, so that as much may come again. */
  took(bytes: number): void;
  /** Nobody reads it any more. */
  left(): void;
}

export class TakenBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #waiting = new ByteRoom();
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #given = 0;
  #isAsked = false;

  constructor(events: BodyEvents) {
    this.stream = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      pull: () => {
        // What was given on is read.
        const read = this.#given;
        this.#given = 0;
        this.#isAsked = true;
        this.#give();
        events.took(read);
      },
      cancel: () => events.left(),
    });
  }

  data(bytes: Uint8Array): void {
    this.#waiting.add(bytes);
    this.#give();
  }

  end(): void {
    this.#isAsked = true;
    this.#give();
    this.#controller?.close();
  }

  break(reason: string): void {
    this.#controller?.error(new Error(reason));
  }

  #give(): void {
    if (!this.#isAsked || this.#waiting.length === 0) return;
    this.#isAsked = false;
    const bytes = this.#waiting.take();
    this.#given += bytes.length;
    this.#controller?.enqueue(bytes);
  }
}
