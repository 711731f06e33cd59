import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SECURITY_HEADERS } from './headers.ts';
import type { RunWatch } from './run-watch.ts';

const MAX_STREAMS = 200;
/** How often a silent stream says that it lives. The page asks anew where it has heard nothing for four of them. */
const BEAT_MS = 5_000;
/** How many bytes a client may leave unread before it gets no more: a slow phone must not fill our memory. */
const MAX_UNREAD = 1_000_000;

const HEADERS = {
  ...SECURITY_HEADERS,
  'content-type': 'text/event-stream; charset=utf-8',
  // A proxy that collects an answer until it is whole, or packs it, would hold every event back.
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
};

interface Reader {
  readonly client: string;
  /** Asked before each frame: a session is signed out of, or its time is over. */
  readonly mayRead: () => boolean;
  /** Frames were left out: the newest is sent once there is room. */
  isBehind: boolean;
}

/**
 * Server-sent events: the snapshot, again whenever it changes, with the time here; a beat where nothing changes, so that the page knows a stream
 * that is silent from one that has ended; and at the end `bye` with the last lists. Written once for all pages.
 */
export function streamEvents(watch: Pick<RunWatch, 'text' | 'onChange'>, { perClient }: { perClient: number }) {
  const open = new Map<ServerResponse, Reader>();
  let stopListening = () => {};
  let beat: NodeJS.Timeout | undefined;

  const send = (raw: ServerResponse, reader: Reader, frame: Buffer | string) => {
    if (!reader.mayRead()) {
      leave(raw);
      raw.end();
    } else if (raw.writableLength < MAX_UNREAD) raw.write(frame);
    else reader.isBehind = true;
  };
  const tellAll = (frame: Buffer | string) => {
    for (const [raw, reader] of [...open]) send(raw, reader, frame);
  };
  const begin = () => {
    stopListening = watch.onChange(text => tellAll(frameOf(text)));
    beat = setInterval(() => tellAll(beatOf()), BEAT_MS).unref();
  };
  const leave = (raw: ServerResponse) => {
    if (!open.delete(raw) || open.size > 0) return;
    stopListening();
    clearInterval(beat);
  };
  const count = (client: string) => open.values().reduce((sum, reader) => sum + (reader.client === client ? 1 : 0), 0);
  return {
    open: (request: FastifyRequest, reply: FastifyReply, client: string, mayRead: () => boolean): FastifyReply => {
      if (open.size >= MAX_STREAMS || count(client) >= perClient)
        return reply.code(503).send({ error: 'TOO_MANY_STREAMS' });
      reply.hijack();
      const { raw } = reply;
      const reader: Reader = { client, mayRead, isBehind: false };
      raw.writeHead(200, HEADERS);
      raw.write('retry: 1000\n\n');
      if (watch.text !== '') send(raw, reader, frameOf(watch.text));
      open.set(raw, reader);
      if (open.size === 1) begin();
      raw.on('drain', () => {
        if (!reader.isBehind || !open.has(raw)) return;
        reader.isBehind = false;
        send(raw, reader, frameOf(watch.text));
      });
      request.raw.on('close', () => leave(raw));
      return reply;
    },
    /** Ends the streams of visitors who may read no more, at once. */
    look: () => tellAll(beatOf()),
    /** The lists come along: a page that is told that the run is over cannot ask any more. Without a page they are not read. */
    end: async (lists: () => Promise<string>) => {
      if (open.size === 0) return;
      const frame = `event: bye\ndata: ${await lists()}\n\n`;
      for (const [raw, reader] of [...open]) {
        leave(raw);
        if (reader.mayRead()) raw.end(frame);
        else raw.end();
      }
    },
  };
}

const beatOf = () => `event: beat\ndata: {"at":${Date.now()}}\n\n`;

/** A snapshot, with the server's time: the page counts by this clock and not by its own. */
const frameOf = (text: string) => Buffer.from(`data: {"at":${Date.now()},${text.slice(1)}\n\n`);
