import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okhttp3.WebSocket;
import okhttp3.WebSocketListener;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/**
 * Receives the pushes of one device, over OkHttp's WebSocket: on Android, and wherever Java 17 or Kotlin run. The
 * comments name the rules of docs/devices.md. All state belongs to one thread; OkHttp's listeners only hand over to it.
 */
public final class OnePushDevice {
  /** Keeps what outlives the app, as SharedPreferences with commit() do. A put has reached the disk when it returns. */
  public interface Storage {
    /** Returns null where there is nothing. */
    String get(String name);

    void put(String name, String value);
  }

  /** What the app does. It is called on the device's thread, and the next message waits until it has returned. */
  public interface App {
    /** Shows a message. One that needs it is confirmed when this has returned, and not if it throws. */
    void onMessage(JSONObject message);

    /** It has ended for good: 4409 another connection has taken its place, 4410 it is unregistered, else a fault. */
    void onClosed(int code);
  }

  private static final long OPEN_WITHIN_S = 15;
  private static final long ASK_AFTER_MS = 30_000;
  private static final long ANSWER_WITHIN_MS = 10_000;
  private static final long HELD_MS = 10_000;
  private static final int MOST_IDS = 1_000;
  private static final MediaType JSON = MediaType.get("application/json");
  private static final Pattern HINT = Pattern.compile("reconnect after (\\d+) ?ms", Pattern.CASE_INSENSITIVE);
  /** Ends a connection that is dead, in the place of a close code. */
  private static final int CUT = 1006;

  private final OkHttpClient http =
      new OkHttpClient.Builder()
          .connectTimeout(OPEN_WITHIN_S, TimeUnit.SECONDS)
          .callTimeout(OPEN_WITHIN_S, TimeUnit.SECONDS)
          .retryOnConnectionFailure(false)
          .build();
  private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
  private final String url;
  private final JSONObject registration;
  private final Storage storage;
  private final App app;

  private final LinkedHashSet<String> seen = new LinkedHashSet<>();
  private final LinkedHashSet<String> confirmed = new LinkedHashSet<>();
  private WebSocket socket;
  private ScheduledFuture<?> timer;
  private int failures;
  private long openedAt;
  private long heardAt;
  private boolean isOpen;

  /**
   * @param registration the fields of a registration: appId, alias, platform and what else docs/contract.md has
   */
  public OnePushDevice(String url, JSONObject registration, Storage storage, App app) {
    this.url = url.replaceAll("/+$", "");
    this.registration = registration;
    this.storage = storage;
    this.app = app;
  }

  /** Connects, and keeps connecting until it is closed for good. */
  public void connect() {
    thread.execute(
        () -> {
          read("seen", seen);
          read("confirmed", confirmed);
          begin();
        });
  }

  /** Lets the connection go, as when the app is in the background and a vendor wakes it; connect() begins again. */
  public void disconnect() {
    thread.execute(
        () -> {
          rest();
          WebSocket ending = leave();
          if (ending != null) ending.close(1000, null);
        });
  }

  /** The app has come to the foreground, or the network has changed: asks the server at once (after H2). */
  public void check() {
    thread.execute(
        () -> {
          if (isOpen) ask();
        });
  }

  private void begin() {
    // R3: what was registered is registered, until something of it changes.
    String id = storage.get("id");
    if (id != null && body().equals(storage.get("sent"))) open(id);
    else register();
  }

  private String body() {
    // R1: 128 random bits, once for each installation.
    if (storage.get("token") == null) {
      byte[] bits = new byte[16];
      new SecureRandom().nextBytes(bits);
      storage.put("token", HexFormat.of().formatHex(bits));
    }
    return new JSONObject(registration.toString()).put("nativeToken", storage.get("token")).toString();
  }

  private void register() {
    String sent = body();
    Request request = new Request.Builder().url(url + "/msgpush/register").post(RequestBody.create(sent, JSON)).build();
    http.newCall(request)
        .enqueue(
            new Callback() {
              @Override
              public void onFailure(Call call, IOException error) {
                thread.execute(() -> later(pauseMs()));
              }

              @Override
              public void onResponse(Call call, Response response) {
                int status = response.code();
                String retryAfter = response.header("Retry-After", "0");
                String id = status == 200 ? readId(response) : null;
                response.close();
                thread.execute(() -> registered(status, id, retryAfter, sent));
              }
            });
  }

  private static String readId(Response response) {
    try {
      return new JSONObject(response.body().string()).optString("id", null);
    } catch (IOException | JSONException error) {
      return null;
    }
  }

  private void registered(int status, String id, String retryAfter, String sent) {
    if (id != null) {
      storage.put("id", id);
      storage.put("sent", sent);
      open(id);
    } else if (status >= 400 && status < 500 && status != 408 && status != 429) {
      // R5: the same again will be refused again.
      app.onClosed(status);
    } else {
      // R4
      long leastMs = retryAfter.matches("\\d{1,6}") ? Long.parseLong(retryAfter) * 1_000 : 0;
      later(Math.max(leastMs, pauseMs()));
    }
  }

  private void open(String id) {
    Request request =
        new Request.Builder()
            .url(url.replaceFirst("^http", "ws") + "/msgpush.ws")
            // C1, C2
            .header("Authorization", "Bearer " + id)
            .build();
    socket = http.newWebSocket(request, new Listener());
  }

  /** Hands over to the thread what OkHttp tells, which answers pings (P1), and joins fragments (F4), by itself. */
  private final class Listener extends WebSocketListener {
    @Override
    public void onOpen(WebSocket from, Response response) {
      on(from, OnePushDevice.this::opened);
    }

    @Override
    public void onMessage(WebSocket from, String text) {
      on(from, () -> frame(text));
    }

    @Override
    public void onClosing(WebSocket from, int code, String reason) {
      from.close(1000, null);
      on(from, () -> closed(code, reason));
    }

    @Override
    public void onFailure(WebSocket from, Throwable error, Response response) {
      // C5, X7
      on(from, () -> closed(CUT, ""));
    }

    /** What an earlier connection still says changes nothing. */
    private void on(WebSocket from, Runnable then) {
      thread.execute(
          () -> {
            if (from == socket) then.run();
          });
    }
  }

  private void opened() {
    isOpen = true;
    openedAt = heardAt = nowMs();
    schedule(this::listen, ASK_AFTER_MS);
  }

  /** H1: asks after a silence. No timer is touched while messages flow. */
  private void listen() {
    long leftMs = heardAt + ASK_AFTER_MS - nowMs();
    if (leftMs > 0) schedule(this::listen, leftMs);
    else ask();
  }

  private void ask() {
    long askedAt = nowMs();
    socket.send("HBT");
    schedule(
        () -> {
          // H2: it does not wait for a close that nobody will answer.
          if (heardAt >= askedAt) listen();
          else leaveDead();
        },
        ANSWER_WITHIN_MS);
  }

  private void leaveDead() {
    WebSocket dead = socket;
    closed(CUT, "");
    dead.cancel();
  }

  private void frame(String text) {
    heardAt = nowMs();
    // F2
    if (!text.startsWith("{")) return;
    JSONObject message;
    try {
      message = new JSONObject(text);
    } catch (JSONException error) {
      return;
    }
    String id = message.optString("id", "");
    if (!id.matches("\\d+")) return;
    if (message.optBoolean("needConfirm")) needing(id, message);
    else if (remember("seen", seen, id)) show(message);
  }

  private void needing(String id, JSONObject message) {
    // K3: it was confirmed; that was lost.
    if (!confirmed.contains(id)) {
      if (!show(message)) return;
      // K1: the id is stored before it is confirmed.
      remember("confirmed", confirmed, id);
    }
    if (socket != null) socket.send("CFM:" + id);
  }

  private boolean show(JSONObject message) {
    try {
      app.onMessage(message);
      return true;
    } catch (RuntimeException error) {
      return false;
    }
  }

  /** D1 to D4. Returns false if it is there already. */
  private boolean remember(String name, LinkedHashSet<String> ids, String id) {
    if (!ids.add(id)) return false;
    if (ids.size() > MOST_IDS) ids.remove(ids.iterator().next());
    storage.put(name, new JSONArray(ids).toString());
    return true;
  }

  private void read(String name, Collection<String> ids) {
    String stored = storage.get(name);
    if (stored == null) return;
    List<String> read = new ArrayList<>();
    for (Object id : new JSONArray(stored)) read.add(id.toString());
    ids.addAll(read);
  }

  private void closed(int code, String reason) {
    // B3
    if (isOpen && nowMs() - openedAt >= HELD_MS) failures = 0;
    leave();
    Matcher hint = HINT.matcher(reason);
    if (code == 4404 || code == 4411) {
      // X2: at once, unless that has not helped.
      storage.put("id", null);
      if (failures++ == 0) register();
      else later(pauseMs());
    } else if (code == 4403 || code == 4429) {
      // X3
      later(ThreadLocalRandom.current().nextLong(60_000, 300_000));
    } else if (code >= 4400 && code < 4500) {
      // X4 to X6
      if (code == 4410) storage.put("id", null);
      app.onClosed(code);
    } else {
      // X1, X7
      later(hint.find() ? Long.parseLong(hint.group(1)) : pauseMs());
    }
  }

  private WebSocket leave() {
    rest();
    WebSocket left = socket;
    socket = null;
    isOpen = false;
    return left;
  }

  /** B1, B2: full jitter. */
  private long pauseMs() {
    long mostMs = Math.min(30_000, 1_000L << Math.min(failures++, 5));
    return ThreadLocalRandom.current().nextLong(mostMs + 1);
  }

  private void later(long ms) {
    schedule(this::begin, ms);
  }

  private void schedule(Runnable then, long ms) {
    rest();
    timer = thread.schedule(then, ms, TimeUnit.MILLISECONDS);
  }

  private void rest() {
    if (timer != null) timer.cancel(false);
    timer = null;
  }

  /** A clock that nobody sets. On Android SystemClock.elapsedRealtime(), which goes on while the phone sleeps. */
  private static long nowMs() {
    return System.nanoTime() / 1_000_000;
  }
}
