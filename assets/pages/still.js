// A page that does nothing but look as the browser likes it.

import {followTheme} from "./theme.js";

followTheme(() => {});
document.documentElement.dataset.ready = "yes";
