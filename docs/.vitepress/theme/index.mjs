// VitePress's theme, with tables that can be read on a phone: https://vitepress.dev/guide/extending-default-theme

import DefaultTheme from "vitepress/theme";
import "./tables.css";

export default DefaultTheme;
