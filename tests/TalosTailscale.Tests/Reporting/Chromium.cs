using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TalosTailscale.Tests.Reporting;

/// <summary>A headless Chromium with one page, spoken to by the DevTools protocol over loopback.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _profile;
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode?>> _calls = new();
    private readonly ConcurrentQueue<(string Method, JsonNode? Parameters)> _events = new();
    private readonly SemaphoreSlim _news = new(0);
    private readonly SemaphoreSlim _sending = new(1, 1);
    private Task _reading = Task.CompletedTask;
    private string? _session;
    private int _next;

    private Chromium(Process process, string profile)
    {
        _process = process;
        _profile = profile;
    }

    /// <summary>What the page said on its console or as an error.</summary>
    public IReadOnlyList<string> Complaints =>
        [
            .. _events
                .Where(one =>
                    one.Method
                        is "Runtime.consoleAPICalled"
                            or "Runtime.exceptionThrown"
                            or "Log.entryAdded"
                            or "Page.javascriptDialogOpening"
                )
                .Select(one => $"{one.Method} {one.Parameters?.ToJsonString()}"),
        ];

    /// <summary>Every address that the page asked for.</summary>
    public IReadOnlyList<string> Requests =>
        [
            .. _events
                .Where(one => one.Method == "Network.requestWillBeSent")
                .Select(one => one.Parameters?["request"]?["url"]?.ToString() ?? ""),
        ];

    /// <summary>The program; null where it is not installed.</summary>
    public static string? Find() =>
        new[] { "chromium", "chromium-browser", "google-chrome" }
            .SelectMany(name =>
                (Environment.GetEnvironmentVariable("PATH") ?? "")
                    .Split(Path.PathSeparator)
                    .Select(folder => Path.Combine(folder, name))
            )
            .FirstOrDefault(File.Exists);

    public static async Task<Chromium> StartAsync(CancellationToken cancellationToken)
    {
        string profile = Directory.CreateTempSubdirectory("ts-chromium-").FullName;
        var start = new ProcessStartInfo(Find()!) { RedirectStandardError = true, RedirectStandardOutput = true };
        // The page under test is a file of our own: the sandbox, which containers do not allow, has nothing to keep out.
        foreach (
            string argument in new[]
            {
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-extensions",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-features=Translate,OptimizationHints",
                "--proxy-server=127.0.0.1:9",
                "--remote-debugging-port=0",
                $"--user-data-dir={profile}",
                "--window-size=1280,900",
                "about:blank",
            }
        )
            start.ArgumentList.Add(argument);
        var browser = new Chromium(Process.Start(start)!, profile);
        try
        {
            await browser.ConnectAsync(cancellationToken);
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    /// <summary>Loads a page and waits until it has loaded.</summary>
    public async Task LoadAsync(
        string path,
        string scheme,
        string media,
        int width,
        CancellationToken cancellationToken
    )
    {
        _events.Clear();
        await CallAsync(
            "Emulation.setEmulatedMedia",
            new JsonObject
            {
                ["media"] = media,
                ["features"] = new JsonArray(new JsonObject { ["name"] = "prefers-color-scheme", ["value"] = scheme }),
            },
            cancellationToken
        );
        await CallAsync(
            "Emulation.setDeviceMetricsOverride",
            new JsonObject
            {
                ["width"] = width,
                ["height"] = 900,
                ["deviceScaleFactor"] = 1,
                ["mobile"] = false,
            },
            cancellationToken
        );
        await CallAsync("Page.navigate", new JsonObject { ["url"] = new Uri(path).AbsoluteUri }, cancellationToken);
        while (!_events.Any(one => one.Method == "Page.loadEventFired"))
            Assert.True(await _news.WaitAsync(s_patience, cancellationToken), "The page did not load.");
    }

    /// <summary>The value of an expression in the page, as JSON text.</summary>
    public async Task<JsonNode?> EvaluateAsync(string expression, CancellationToken cancellationToken)
    {
        JsonNode? answer = await CallAsync(
            "Runtime.evaluate",
            new JsonObject { ["expression"] = expression, ["returnByValue"] = true },
            cancellationToken
        );
        Assert.Null(answer?["exceptionDetails"]?.ToJsonString());
        return answer?["result"]?["value"];
    }

    /// <summary>A picture of the whole page.</summary>
    public async Task<byte[]> PictureAsync(CancellationToken cancellationToken)
    {
        JsonNode? answer = await CallAsync(
            "Page.captureScreenshot",
            new JsonObject { ["format"] = "png", ["captureBeyondViewport"] = true },
            cancellationToken
        );
        return Convert.FromBase64String(answer!["data"]!.ToString());
    }

    /// <summary>The page on paper.</summary>
    public async Task<byte[]> PrintAsync(CancellationToken cancellationToken)
    {
        JsonNode? answer = await CallAsync(
            "Page.printToPDF",
            new JsonObject { ["preferCSSPageSize"] = true },
            cancellationToken
        );
        return Convert.FromBase64String(answer!["data"]!.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _socket.Dispose();
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        await _reading;
        _process.Dispose();
        // Its children may write for a moment longer.
        for (int attempt = 0; attempt < 20 && Directory.Exists(_profile); attempt++)
        {
            try
            {
                Directory.Delete(_profile, recursive: true);
            }
            catch (IOException)
            {
                await Task.Delay(50, CancellationToken.None);
            }
        }
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        string? address = null;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_patience);
        while (address is null)
        {
            string? line = await _process.StandardError.ReadLineAsync(patience.Token);
            Assert.True(line is not null, "Chromium ended before it listened.");
            if (line.StartsWith("DevTools listening on ", StringComparison.Ordinal))
                address = line["DevTools listening on ".Length..].Trim();
        }

        _ = _process.StandardError.BaseStream.CopyToAsync(Stream.Null, _closing.Token);
        _ = _process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, _closing.Token);
        await _socket.ConnectAsync(new Uri(address), patience.Token);
        _reading = ReadAsync();
        JsonNode? target = await CallAsync(
            "Target.createTarget",
            new JsonObject { ["url"] = "about:blank" },
            cancellationToken
        );
        JsonNode? attached = await CallAsync(
            "Target.attachToTarget",
            new JsonObject { ["targetId"] = target!["targetId"]!.ToString(), ["flatten"] = true },
            cancellationToken
        );
        _session = attached!["sessionId"]!.ToString();
        foreach (string domain in new[] { "Page", "Runtime", "Log", "Network" })
            await CallAsync(domain + ".enable", [], cancellationToken);
    }

    private async Task<JsonNode?> CallAsync(string method, JsonObject parameters, CancellationToken cancellationToken)
    {
        int id = Interlocked.Increment(ref _next);
        var answer = _calls[id] = new TaskCompletionSource<JsonNode?>(
            TaskCreationOptions.RunContinuationsAsynchronously
        );
        var call = new JsonObject
        {
            ["id"] = id,
            ["method"] = method,
            ["params"] = parameters,
        };
        if (_session is not null)
            call["sessionId"] = _session;
        await _sending.WaitAsync(cancellationToken);
        try
        {
            await _socket.SendAsync(
                Encoding.UTF8.GetBytes(call.ToJsonString()),
                WebSocketMessageType.Text,
                true,
                cancellationToken
            );
        }
        finally
        {
            _sending.Release();
        }

        return await answer.Task.WaitAsync(s_patience, cancellationToken);
    }

    private async Task ReadAsync()
    {
        byte[] buffer = new byte[1 << 16];
        var message = new MemoryStream();
        try
        {
            while (true)
            {
                ValueWebSocketReceiveResult part = await _socket.ReceiveAsync(buffer.AsMemory(), _closing.Token);
                if (part.MessageType == WebSocketMessageType.Close)
                    return;
                message.Write(buffer, 0, part.Count);
                if (!part.EndOfMessage)
                    continue;
                Take(JsonNode.Parse(message.ToArray())!);
                message.SetLength(0);
            }
        }
        catch (Exception e)
            when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or JsonException)
        {
            foreach (var call in _calls.Values)
                call.TrySetException(e);
        }
    }

    private void Take(JsonNode message)
    {
        if (message["id"] is { } id)
        {
            if (!_calls.TryRemove(int.Parse(id.ToString(), CultureInfo.InvariantCulture), out var call))
                return;
            if (message["error"] is { } error)
                call.SetException(new InvalidOperationException(error.ToJsonString()));
            else
                call.SetResult(message["result"]?.DeepClone());
            return;
        }

        _events.Enqueue((message["method"]?.ToString() ?? "", message["params"]?.DeepClone()));
        _news.Release();
    }
}
