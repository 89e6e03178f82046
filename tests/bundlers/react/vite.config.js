// A React application by Vite: one of the tools of npm run bundlers.

import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({ plugins: [react()] });
