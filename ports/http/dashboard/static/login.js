// Asking for an API token where the server wants one.

import * as api from "./api.js";
import { byId } from "./dom.js";

export function startLogin() {
  const dialog = byId("login");
  const message = byId("login-error");
  api.onUnauthorized(() => {
    if (!dialog.open) dialog.showModal();
  });
  byId("login-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await api.login(byId("login-token").value);
      location.reload(); // the cookie is set; everything starts anew with it
    } catch (err) {
      message.textContent = err.message;
      message.hidden = false;
    }
  });
}
