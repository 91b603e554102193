import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.json.JSONObject;

/** Prints each message as JSON: java -cp 'out:lib/*' Receive URL APP_ID ALIAS FILE. The file keeps the device. */
public final class Receive {
  public static void main(String[] args) throws IOException {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    JSONObject registration =
        new JSONObject().put("appId", args[1]).put("alias", args[2]).put("platform", "ANDROID");
    OnePushDevice.App app =
        new OnePushDevice.App() {
          @Override
          public void onMessage(JSONObject message) {
            out.println(message);
          }

          @Override
          public void onClosed(int code) {
            System.err.println("closed: " + code);
            System.exit(0);
          }
        };
    new OnePushDevice(args[0], registration, new FileStorage(Path.of(args[3])), app).connect();
  }

  /** A storage for desktops; an app on Android has its SharedPreferences. */
  private static final class FileStorage implements OnePushDevice.Storage {
    private final Path file;
    private final JSONObject all;

    FileStorage(Path file) throws IOException {
      this.file = file;
      this.all = Files.exists(file) ? new JSONObject(Files.readString(file)) : new JSONObject();
    }

    @Override
    public String get(String name) {
      return all.optString(name, null);
    }

    @Override
    public void put(String name, String value) {
      all.put(name, value);
      Path next = file.resolveSibling(file.getFileName() + ".new");
      try (FileOutputStream stream = new FileOutputStream(next.toFile())) {
        stream.write(all.toString().getBytes(StandardCharsets.UTF_8));
        stream.getFD().sync();
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }
  }
}
