// An unmodified socket.io-client that writes each thing it hears as a line of JSON.
import { io } from "socket.io-client";

const [url, options, subscribe] = process.argv.slice(-3);
const tell = (...words) => console.log(JSON.stringify(words));
const socket = io(url, { transports: ["websocket"], reconnectionDelay: 50, reconnectionDelayMax: 200, ...JSON.parse(options) });

socket.on("connect", () => {
  tell("connect", socket.recovered);
  if (subscribe !== "{}") socket.emit("subscribe", JSON.parse(subscribe), (answer) => tell("ack", answer));
});
socket.on("connect_error", (error) => tell("connect_error", error.message));
socket.on("disconnect", (reason) => tell("disconnect", reason));
socket.onAny((name, event) => tell(name, event));
