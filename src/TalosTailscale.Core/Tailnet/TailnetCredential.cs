using TalosTailscale.Core.MachineConfig;

namespace TalosTailscale.Core.Tailnet;

/// <summary>How the tailnet's API knows us: a token, or an OAuth client. Known to the redactor from the start.</summary>
public sealed class TailnetCredential
{
    private TailnetCredential(string? clientId, string secret)
    {
        ClientId = clientId;
        Secret = secret;
        Redactor.Register(secret);
    }

    internal string? ClientId { get; }

    internal string Secret { get; }

    /// <summary>An API token (<c>tskey-api-…</c>).</summary>
    /// <param name="token">The token.</param>
    /// <returns>The credential.</returns>
    public static TailnetCredential Token(string token) => new(null, Checked(token));

    /// <summary>An OAuth client.</summary>
    /// <param name="clientId">Its id.</param>
    /// <param name="secret">Its secret (<c>tskey-client-…</c>); options after a question mark are left out.</param>
    /// <returns>The credential.</returns>
    public static TailnetCredential OAuth(string clientId, string secret)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(clientId);
        return new(clientId.Trim(), Checked(secret).Split('?')[0]);
    }

    /// <summary>The credential of the environment: TAILSCALE_API_KEY, or TAILSCALE_OAUTH_CLIENT_ID and …_SECRET.</summary>
    /// <returns>The credential; null when none is set.</returns>
    public static TailnetCredential? FromEnvironment()
    {
        if (Environment.GetEnvironmentVariable("TAILSCALE_API_KEY") is { Length: > 0 } token)
            return Token(token);
        return
            Environment.GetEnvironmentVariable("TAILSCALE_OAUTH_CLIENT_SECRET") is { Length: > 0 } secret
            && Environment.GetEnvironmentVariable("TAILSCALE_OAUTH_CLIENT_ID") is { Length: > 0 } id
            ? OAuth(id, secret)
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() => ClientId is null ? "API token" : $"OAuth client {ClientId}";

    // It goes into a header: nothing but printable ASCII.
    private static string Checked(string secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        var text = secret.Trim();
        Redactor.Register(text);
        return text.Length > 0 && text.All(c => c is > ' ' and < '\x7f')
            ? text
            : throw TailnetErrors.TailnetCredentialMissing.New(
                $"The token of {text.Length} characters is empty or has signs that no token has."
            );
    }
}
