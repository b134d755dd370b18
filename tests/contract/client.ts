// A small client, written against the types that the API's description yields.
import type { components, paths } from "./interlude";

type Draft = components["schemas"]["CheckInDraft"];
type Receipt = components["schemas"]["Receipt"];
type AlertInFull = components["schemas"]["AlertInFull"];
type Problem = components["schemas"]["Problem"];

type CheckIn = paths["/v1/check-ins/{check_in_id}"]["put"];
type Acknowledge = paths["/v1/alerts/{alert_id}/acknowledge"]["post"];

type Sent<O extends { requestBody: { content: { "application/json": unknown } } }> =
  O["requestBody"]["content"]["application/json"];

export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(problem.title);
  }
}

async function send<T>(method: string, path: string, token: string, body: unknown): Promise<T> {
  const response = await fetch(path, {
    method,
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Refusal(answer as Problem);
  return answer as T;
}

export async function checkIn(token: string, id: string, draft: Sent<CheckIn>): Promise<string[]> {
  const receipt: Receipt = await send("PUT", `/v1/check-ins/${id}`, token, draft);
  const { guidance, care_team_told, scores } = receipt;
  const shown = [guidance.text, guidance.coverage.text, care_team_told ? "told" : "not told"];
  if (scores !== null) shown.push(`mood ${scores.mood ?? "not answered"}`);
  return shown.concat(guidance.contacts.map((contact) => contact.call ?? contact.name));
}

export async function acknowledge(
  token: string,
  seen: AlertInFull,
  onBehalfOf: string,
): Promise<AlertInFull> {
  const body: Sent<Acknowledge> = {
    generation: seen.alert.generation,
    on_behalf_of: onBehalfOf,
  };
  const answer: Acknowledge["responses"]["200"]["content"]["application/json"] = await send(
    "POST",
    `/v1/alerts/${seen.alert.id}/acknowledge`,
    token,
    body,
  );
  return answer;
}

export const calm: Draft = {
  instrument: "daily-check-in",
  version: "1.0.0",
  locale: "en",
  recorded_at: "2026-03-02T10:00:00+01:00",
  time_zone: "Europe/Madrid",
  answers: { mood: 7, si_gate: "no", si_act: "no", safe_now: "yes" },
};

// The types refuse what the API would.
// @ts-expect-error a check-in pins its instrument's version
export const unpinned: Draft = { instrument: "daily-check-in", locale: "en", answers: {} };
// @ts-expect-error an acknowledgement names the generation that was seen, as a number
export const vague: Sent<Acknowledge> = { generation: "1" };
