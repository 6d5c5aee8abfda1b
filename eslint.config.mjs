// Lints the scripts of the report page: npx eslint, with eslint, @eslint/js and globals beside it.
import js from "@eslint/js";
import globals from "globals";

export default [
  js.configs.recommended,
  {
    files: ["pytest_rf/reporters/pages/static/*.js"],
    languageOptions: { sourceType: "script", globals: { ...globals.browser, pytestRf: "readonly" } },
    rules: {
      curly: ["error", "multi-line"],
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-implicit-globals": "error",
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML"].map((property) => ({
          property,
          message: "Names from models are hostile: make elements and text.",
        })),
      ],
      "no-shadow": "error",
      "no-unused-vars": "error",
      "prefer-const": "error",
      strict: ["error", "global"],
    },
  },
  {
    files: ["tests/**/*.js"],
    languageOptions: { sourceType: "commonjs", globals: { ...globals.node, pytestRf: "readonly" } },
  },
];
