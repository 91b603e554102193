// Receives the pushes of one device, over URLSession's WebSocket: iOS 15, macOS 12 or newer. The comments name the
// rules of docs/devices.md. Not compiled in this repository, which has no Swift: read it as a sketch, and let
// `onepush device-check` look at your app.
import Foundation

/// Keeps what must outlive the app. A write has reached the disk when it returns. The device id and the token are like
/// passwords: in an app they belong in the keychain.
public protocol OnePushStorage: Sendable {
  func read(_ name: String) -> Data?
  func write(_ name: String, _ value: Data?)
}

/// A push, as docs/contract.md has it. `raw` is the frame as it came, for `extra` and its long numbers (F6).
public struct OnePushMessage: Decodable, Sendable {
  public let id: String
  public let alert: String?
  public let title: String?
  public let needConfirm: Bool
  public internal(set) var raw = ""

  // F1: what is not named here is passed over.
  private enum CodingKeys: String, CodingKey {
    case id, alert, title, needConfirm
  }
}

/// Connects, and keeps connecting until it is closed for good. All state belongs to the actor.
public actor OnePushDevice {
  /// What the app does. `onMessage` shows a message; one that needs it is confirmed when this has returned, and not if
  /// it throws. `onClosed`: 4409 another connection has taken its place, 4410 it is unregistered, else a fault.
  public struct App: Sendable {
    public let onMessage: @Sendable (OnePushMessage) async throws -> Void
    public let onClosed: @Sendable (Int) async -> Void

    public init(
      onMessage: @escaping @Sendable (OnePushMessage) async throws -> Void,
      onClosed: @escaping @Sendable (Int) async -> Void
    ) {
      self.onMessage = onMessage
      self.onClosed = onClosed
    }
  }

  private enum Times {
    static let openWithin: TimeInterval = 15
    static let askAfter: TimeInterval = 30
    static let answerWithin: TimeInterval = 10
    static let held: TimeInterval = 10
  }
  private static let mostIds = 1_000
  /// In the place of a close code, where there was none.
  private static let cut = 1006

  private let url: URL
  private let registration: [String: String]
  private let storage: OnePushStorage
  private let app: App
  private let session: URLSession

  private var loop: Task<Void, Never>?
  private var socket: URLSessionWebSocketTask?
  private var failures = 0
  private var heardAt = OnePushDevice.now()
  private var seen: [String]
  private var confirmed: [String]

  /// - Parameter registration: the fields of a registration: appId, alias and platform.
  public init(url: URL, registration: [String: String], storage: OnePushStorage, app: App) {
    self.url = url
    self.registration = registration
    self.storage = storage
    self.app = app
    session = URLSession(configuration: .ephemeral)
    seen = Self.ids(storage.read("seen"))
    confirmed = Self.ids(storage.read("confirmed"))
  }

  public func connect() {
    guard loop == nil else { return }
    loop = Task { await run() }
  }

  /// For an app that goes to the background, where a vendor's service wakes it.
  public func disconnect() {
    loop?.cancel()
    loop = nil
    socket?.cancel(with: .normalClosure, reason: nil)
    socket = nil
  }

  /// The app has come to the foreground, or the network has changed.
  public func check() async {
    if let socket { await ask(socket) }
  }

  private func run() async {
    while !Task.isCancelled {
      guard let pause = await attempt(), !Task.isCancelled else {
        loop = nil
        return
      }
      try? await Task.sleep(nanoseconds: UInt64(pause * 1_000_000_000))
    }
  }

  /// Registers if it must, connects, and stays until the end. Returns the pause before the next attempt; nil: the end.
  private func attempt() async -> TimeInterval? {
    let id: String
    switch await register() {
    case .registered(let known): id = known
    case .again(let least): return max(least, backoff())
    case .refused(let status):
      await app.onClosed(status)
      return nil
    }
    let (code, reason, openedAt) = await receive(id)
    // B3
    if let openedAt, Self.now() - openedAt >= Times.held { failures = 0 }
    return await pause(after: code, reason)
  }

  private enum Registered {
    case registered(String)
    case again(TimeInterval)
    case refused(Int)
  }

  private func register() async -> Registered {
    var fields = registration
    fields["nativeToken"] = nativeToken()
    let encoder = JSONEncoder()
    // The same fields are the same bytes, so that a change can be seen.
    encoder.outputFormatting = .sortedKeys
    guard let body = try? encoder.encode(fields) else { return .refused(400) }
    // R3
    if let id = storage.read("id"), storage.read("sent") == body {
      return .registered(String(decoding: id, as: UTF8.self))
    }
    var request = URLRequest(url: url.appendingPathComponent("msgpush/register"))
    request.httpMethod = "POST"
    request.timeoutInterval = Times.openWithin
    request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    request.httpBody = body
    // R4
    guard let (data, response) = try? await session.data(for: request), let http = response as? HTTPURLResponse else {
      return .again(0)
    }
    struct Answer: Decodable { let id: String }
    if http.statusCode == 200, let answer = try? JSONDecoder().decode(Answer.self, from: data) {
      storage.write("id", Data(answer.id.utf8))
      storage.write("sent", body)
      return .registered(answer.id)
    }
    // R5
    if (400..<500).contains(http.statusCode), ![408, 429].contains(http.statusCode) { return .refused(http.statusCode) }
    return .again(TimeInterval(http.value(forHTTPHeaderField: "Retry-After") ?? "") ?? 0)
  }

  /// R1: 128 random bits, once for each installation.
  private func nativeToken() -> String {
    if let kept = storage.read("token") { return String(decoding: kept, as: UTF8.self) }
    var random = SystemRandomNumberGenerator()
    let token = (0..<16).map { _ in String(format: "%02x", UInt8.random(in: 0...255, using: &random)) }.joined()
    storage.write("token", Data(token.utf8))
    return token
  }

  /// Receives until the connection ends. Pings are answered by URLSession (P1).
  private func receive(_ id: String) async -> (code: Int, reason: String, openedAt: TimeInterval?) {
    let path = url.appendingPathComponent("msgpush.ws")
    guard var address = URLComponents(url: path, resolvingAgainstBaseURL: false) else {
      return (4400, "", nil)
    }
    address.scheme = address.scheme == "http" ? "ws" : "wss"
    guard let target = address.url else { return (4400, "", nil) }
    var request = URLRequest(url: target)
    // C1, C2
    request.setValue("Bearer \(id)", forHTTPHeaderField: "Authorization")
    let socket = session.webSocketTask(with: request)
    // F4
    socket.maximumMessageSize = 1_048_576
    self.socket = socket
    heardAt = Self.now()
    socket.resume()
    let heartbeat = Task { await beat(socket) }
    defer {
      heartbeat.cancel()
      if self.socket === socket { self.socket = nil }
    }
    var openedAt: TimeInterval?
    do {
      while true {
        let received = try await socket.receive()
        heardAt = Self.now()
        openedAt = openedAt ?? heardAt
        if case .string(let text) = received { await frame(text, socket) }
      }
    } catch {
      // The raw value of a code that Foundation has no name for is the code.
      let code = socket.closeCode.rawValue
      let reason = socket.closeReason.map { String(decoding: $0, as: UTF8.self) } ?? ""
      return (code == 0 ? Self.cut : code, reason, openedAt)
    }
  }

  /// H1, H2: asks after a silence, and lets a connection go that does not answer. C4: the first time at once, for an
  /// answer says that the connection is open.
  private func beat(_ socket: URLSessionWebSocketTask) async {
    await ask(socket, within: Times.openWithin)
    while !Task.isCancelled {
      let left = heardAt + Times.askAfter - Self.now()
      if left > 0 {
        try? await Task.sleep(nanoseconds: UInt64(left * 1_000_000_000))
      } else {
        await ask(socket)
      }
    }
  }

  private func ask(_ socket: URLSessionWebSocketTask, within: TimeInterval = Times.answerWithin) async {
    let askedAt = Self.now()
    // Not awaited: it returns when the connection has opened, which may be never.
    socket.send(.string("HBT")) { _ in }
    try? await Task.sleep(nanoseconds: UInt64(within * 1_000_000_000))
    // Not a close that nobody answers: receive() fails at once.
    if heardAt < askedAt, !Task.isCancelled { socket.cancel() }
  }

  private func frame(_ text: String, _ socket: URLSessionWebSocketTask) async {
    // F2
    let data = Data(text.utf8)
    guard text.hasPrefix("{"), var message = try? JSONDecoder().decode(OnePushMessage.self, from: data) else { return }
    message.raw = text
    if message.needConfirm {
      // K3: what was confirmed is confirmed again, and not shown.
      if !confirmed.contains(message.id) {
        do { try await app.onMessage(message) } catch { return }
        // K1
        remember(message.id, in: &confirmed, "confirmed")
      }
      try? await socket.send(.string("CFM:\(message.id)"))
    } else if !seen.contains(message.id) {
      remember(message.id, in: &seen, "seen")
      try? await app.onMessage(message)
    }
  }

  /// D1 to D4.
  private func remember(_ id: String, in ids: inout [String], _ name: String) {
    ids.append(id)
    if ids.count > Self.mostIds { ids.removeFirst() }
    storage.write(name, try? JSONEncoder().encode(ids))
  }

  private static func ids(_ stored: Data?) -> [String] {
    stored.flatMap { try? JSONDecoder().decode([String].self, from: $0) } ?? []
  }

  private func pause(after code: Int, _ reason: String) async -> TimeInterval? {
    switch code {
    case 4404, 4411:
      // X2: at once, unless that has not helped.
      storage.write("id", nil)
      let isFirst = failures == 0
      let pause = backoff()
      return isFirst ? 0 : pause
    case 4403, 4429:
      // X3
      return TimeInterval.random(in: 60...300)
    case 4400..<4500:
      // X4 to X6
      if code == 4410 { storage.write("id", nil) }
      await app.onClosed(code)
      return nil
    default:
      // X1, X7
      return hint(reason) ?? backoff()
    }
  }

  private func hint(_ reason: String) -> TimeInterval? {
    guard let range = reason.range(of: #"reconnect after \d+"#, options: [.regularExpression, .caseInsensitive]) else {
      return nil
    }
    return reason[range].split(separator: " ").last.flatMap { TimeInterval($0) }.map { $0 / 1_000 }
  }

  /// B1, B2: full jitter.
  private func backoff() -> TimeInterval {
    let most = min(30, pow(2, Double(min(failures, 5))))
    failures += 1
    return TimeInterval.random(in: 0...most)
  }

  /// A clock that nobody sets, and that goes on while the phone sleeps.
  private static func now() -> TimeInterval {
    TimeInterval(clock_gettime_nsec_np(CLOCK_MONOTONIC)) / 1_000_000_000
  }
}
