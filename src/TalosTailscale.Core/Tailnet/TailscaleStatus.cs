using System.Text.Json;

namespace TalosTailscale.Core.Tailnet;

/// <summary>What a tailscaled says of itself and of its tailnet (ipn/ipnstate).</summary>
public sealed record TailscaleStatus
{
    /// <summary>NoState, NeedsLogin, NeedsMachineAuth, Stopped, Starting or Running.</summary>
    public required string BackendState { get; init; }

    /// <summary>The devices that it sees, itself first.</summary>
    public required IReadOnlyList<TailnetDevice> Devices { get; init; }

    /// <summary>Reads the text of <c>tailscale status --json</c>.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">Where it is from.</param>
    /// <returns>The status.</returns>
    /// <exception cref="TsException">TailnetRequestFailed when it is no such JSON.</exception>
    public static TailscaleStatus Parse(string json, TailnetSource source = TailnetSource.Text)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement, source);
        }
        catch (JsonException e)
        {
            throw NotJson(e);
        }
    }

    internal static async Task<TailscaleStatus> ReadAsync(
        Stream json,
        TailnetSource source,
        CancellationToken cancellationToken
    )
    {
        try
        {
            using var document = await JsonDocument
                .ParseAsync(json, cancellationToken: cancellationToken)
                .ConfigureAwait(false);
            return Read(document.RootElement, source);
        }
        catch (JsonException e)
        {
            throw NotJson(e);
        }
    }

    private static TailscaleStatus Read(JsonElement root, TailnetSource source)
    {
        var state = TailnetJson.Text(root, "BackendState");
        return state.Length == 0
            ? throw TailnetErrors.TailnetRequestFailed.New(
                "The JSON has no 'BackendState'; the output of 'tailscale status --json' was expected."
            )
            : new TailscaleStatus { BackendState = state, Devices = TailnetJson.Status(root, source) };
    }

    private static TsException NotJson(JsonException e) =>
        TailnetErrors.TailnetRequestFailed.New(
            $"The text is not JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine}; the output of 'tailscale status --json' was expected.",
            inner: e
        );
}
