// A Vue application by Vite: one of the tools of npm run bundlers.

import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

export default defineConfig({ plugins: [vue()] });
