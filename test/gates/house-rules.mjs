/** Rules of the house that no linter ships: fakes instead of module mocks, and a reason beside every switched-off rule. */

const noModuleMocks = {
  meta: { type: "problem", docs: { description: "a module is not mocked; use the port's fake" } },
  create: (context) => ({
    CallExpression(node) {
      const { callee } = node;
      if (callee.type !== "MemberExpression" || callee.object.type !== "Identifier" || callee.object.name !== "vi") return;
      if (!["mock", "doMock", "unmock", "importActual"].includes(callee.property.name)) return;
      context.report({ node, message: `vi.${callee.property.name} replaces a module. Hand the port's fake in instead.` });
    },
  }),
};

const disableWithReason = {
  meta: { type: "problem", docs: { description: "a comment that switches a rule off says why, after ` -- `" } },
  create: (context) => ({
    Program(node) {
      for (const comment of context.sourceCode.getAllComments()) {
        if (/^\s*(?:ox|es)lint-disable/.test(comment.value) && !/ -- \S+/.test(comment.value)) {
          context.report({ node, loc: comment.loc, message: "A rule is switched off without a reason. Write it after ` -- `." });
        }
      }
    },
  }),
};

const ROLES = ["owner", "admin", "member", "viewer"];

/** Named `role`, or something with that at its end. */
const isRole = ({ type, name, property }) => /role$/i.test((type === "Identifier" ? name : type === "MemberExpression" ? property.name : "") ?? "");

const askWhatARoleMay = {
  meta: { type: "problem", docs: { description: "what a role may is asked where roles are compared, and decided nowhere else" } },
  create: (context) => ({
    BinaryExpression(node) {
      const { operator, left, right } = node;
      if (!["===", "!==", "==", "!="].includes(operator)) return;
      if ([[left, right], [right, left]].some(([role, word]) => isRole(role) && ROLES.includes(word.value))) {
        context.report({ node, message: "A role is compared here. Ask `src/core/access/roles.ts` what it may." });
      }
    },
  }),
};

export default {
  meta: { name: "berth" },
  rules: { "no-module-mocks": noModuleMocks, "disable-with-reason": disableWithReason, "ask-what-a-role-may": askWhatARoleMay },
};
