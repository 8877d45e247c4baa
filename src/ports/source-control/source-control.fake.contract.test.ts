import { scriptedGitBody, type ScriptedGitAnswer, type SeenGitCall, type SourceControlRig, CREDENTIAL, listing } from "./source-control-kit.contract.ts";
import { describeSourceControlContract } from "./source-control.contract.ts";
import { InMemorySourceControl } from "./source-control.fake.ts";
import { SOURCE_CONTROL_FAULTS } from "./source-control.faults.ts";

interface FakeRig extends SourceControlRig {
  readonly source: InMemorySourceControl;
}

function createRig(): FakeRig {
  let script: (path: string) => ScriptedGitAnswer = listing;
  const seen: SeenGitCall[] = [];
  const source = new InMemorySourceControl({
    host: async ({ url, method, headers, body }) => {
      const { pathname, search } = new URL(url);
      seen.push({ method, path: pathname + search, headers, body: await new Response(body).text() });
      const answer = script(pathname + search);
      return new Response(scriptedGitBody(answer), { status: answer.status ?? 200, headers: { ...answer.headers } });
    },
  });
  return {
    source,
    remote: { url: "https://git.example/team/app.git", credential: CREDENTIAL },
    answer: (next) => {
      script = next;
    },
    seen,
    close: async () => undefined,
  };
}

describeSourceControlContract({
  name: "fake",
  knowsPeople: true,
  create: createRig,
  inject: Object.fromEntries(SOURCE_CONTROL_FAULTS.faults.map(({ id }) => [id, (rig: SourceControlRig) => (rig as FakeRig).source.faults.arm(id)])),
});
