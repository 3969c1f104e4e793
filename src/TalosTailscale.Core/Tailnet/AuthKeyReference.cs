using System.Text;

namespace TalosTailscale.Core.Tailnet;

/// <summary>The forms of an auth key reference.</summary>
public enum AuthKeyScheme
{
    /// <summary><c>env:NAME</c>: an environment variable.</summary>
    Environment,

    /// <summary><c>file:PATH</c>: the content of a file.</summary>
    File,

    /// <summary><c>op://vault/item/field</c>: read by the 1Password CLI.</summary>
    OnePassword,

    /// <summary><c>vault:NAME</c>: SecretManagement's <c>Get-Secret</c>.</summary>
    Vault,

    /// <summary><c>tailscale:</c>: a fresh key made by the tailnet API.</summary>
    Tailscale,
}

/// <summary>Says where a key is, without being one: it may be logged, stored in a script and typed at a prompt.</summary>
public sealed class AuthKeyReference
{
    private const int MaximumFileBytes = 64 * 1024;

    private AuthKeyReference(string text, AuthKeyScheme scheme, string value)
    {
        Text = text;
        Scheme = scheme;
        Value = value;
    }

    /// <summary>The reference as typed.</summary>
    public string Text { get; }

    /// <summary>Its form.</summary>
    public AuthKeyScheme Scheme { get; }

    /// <summary>What follows the form's name; for 1Password the whole reference.</summary>
    public string Value { get; }

    /// <summary>Reads a reference.</summary>
    /// <param name="text">As typed.</param>
    /// <returns>The reference.</returns>
    /// <exception cref="TsException">AuthKeyReferenceInvalid; a key that was given in place of a reference is not echoed.</exception>
    public static AuthKeyReference Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var trimmed = text.Trim();
        if (trimmed.StartsWith("tskey-", StringComparison.OrdinalIgnoreCase))
        {
            MachineConfig.Redactor.Register(trimmed);
            throw TailnetErrors.AuthKeyReferenceInvalid.New(
                "The auth key reference is a key itself; a reference to the place where the key is kept was expected.",
                recommendedAction: "The key stands in the history, in $Error (InvocationInfo.Line) and in a transcript now: "
                    + "revoke it, or run 'Clear-History; $Error.Clear()' and delete the line from (Get-PSReadLineOption).HistorySavePath. "
                    + "Then give env:NAME, file:PATH, op://vault/item/field, vault:NAME or tailscale:, or the key as a SecureString by -AuthKey."
            );
        }

        if (trimmed.StartsWith("op://", StringComparison.Ordinal) && trimmed.Split('/').Length >= 5)
            return new AuthKeyReference(trimmed, AuthKeyScheme.OnePassword, trimmed);
        var colon = trimmed.IndexOf(':', StringComparison.Ordinal);
        var value = colon < 0 ? "" : trimmed[(colon + 1)..];
        AuthKeyScheme? scheme = (colon < 0 ? "" : trimmed[..colon].ToLowerInvariant()) switch
        {
            "env" when IsVariableName(value) => AuthKeyScheme.Environment,
            "file" when value.Length > 0 => AuthKeyScheme.File,
            "vault" when value.Length > 0 => AuthKeyScheme.Vault,
            "tailscale" when value.Length == 0 => AuthKeyScheme.Tailscale,
            _ => null,
        };
        if (value.Length == 0 && trimmed.ToLowerInvariant() is "env:" or "file:" or "vault:")
            throw TailnetErrors.AuthKeyReferenceInvalid.New(
                $"The auth key reference is '{trimmed}' and nothing more; what it refers to was expected behind the colon. Is a variable empty?"
            );
        return scheme is { } known
            ? new AuthKeyReference(trimmed, known, value)
            : throw TailnetErrors.AuthKeyReferenceInvalid.New(
                $"The auth key reference of {trimmed.Length} characters is none of env:NAME, file:PATH, op://vault/item/field, "
                    + "vault:NAME and tailscale:."
            );
    }

    /// <summary>Fetches the key.</summary>
    /// <param name="sources">Vault and API, which this room cannot reach by itself.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The key.</returns>
    /// <exception cref="TsException">AuthKeyNotFound, AuthKeyInvalid, OnePasswordFailed.</exception>
    public async Task<AuthKey> ResolveAsync(AuthKeySources sources, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(sources);
        var value = Scheme switch
        {
            AuthKeyScheme.Environment => Environment.GetEnvironmentVariable(Value)
                ?? throw TailnetErrors.AuthKeyNotFound.New($"The environment variable '{Value}' is not set.", Text),
            AuthKeyScheme.File => await ReadFileAsync(sources.ResolvePath, cancellationToken).ConfigureAwait(false),
            AuthKeyScheme.OnePassword => await OnePassword.ReadAsync(Value, cancellationToken).ConfigureAwait(false),
            AuthKeyScheme.Vault => await Need(sources.ReadVault)(Value, cancellationToken).ConfigureAwait(false),
            _ => await Need(sources.MintKey)(Value, cancellationToken).ConfigureAwait(false),
        };
        return AuthKey.Create(value, Text, ownControlServer: true);
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private Func<string, CancellationToken, Task<string>> Need(Func<string, CancellationToken, Task<string>>? source) =>
        source ?? throw TailnetErrors.AuthKeyReferenceInvalid.New($"'{Text}' cannot be used here.", Text);

    private async Task<string> ReadFileAsync(Func<string, Task<string>>? resolve, CancellationToken cancellationToken)
    {
        var path = resolve is null ? FilePath(Value) : await resolve(FilePath(Value)).ConfigureAwait(false);
        try
        {
            var length = new FileInfo(path).Length;
            if (length > MaximumFileBytes)
                throw TailnetErrors.AuthKeyInvalid.New(
                    $"'{Text}' has {length} bytes; a file with a key alone was expected.",
                    Text
                );
            return await File.ReadAllTextAsync(path, Encoding.UTF8, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw TailnetErrors.AuthKeyNotFound.New($"'{Text}' could not be read: {e.Message}", Text, e);
        }
    }

    /// <summary>
    /// The path behind <c>file:</c>. Any path is taken as it is (<c>C:\keys\ts</c>, <c>\\server\share\ts</c>, <c>~/ts</c>); what
    /// begins with three slashes is a URI: a slash before a drive letter is none of the path, and %20 is a space.
    /// </summary>
    internal static string FilePath(string value)
    {
        if (!value.StartsWith("///", StringComparison.Ordinal))
            return value;
        var path = Uri.UnescapeDataString(value[2..]);
        return path is [_, var drive, ':', ..] && char.IsAsciiLetter(drive) ? path[1..] : path;
    }

    private static bool IsVariableName(string name) =>
        name.Length > 0
        && !name.Contains('=', StringComparison.Ordinal)
        && !name.Contains('\0', StringComparison.Ordinal);
}

/// <summary>The sources of keys that only the caller can reach.</summary>
public sealed record AuthKeySources
{
    /// <summary>Reads a secret by name from a vault of SecretManagement.</summary>
    public Func<string, CancellationToken, Task<string>>? ReadVault { get; init; }

    /// <summary>Makes a fresh key by the tailnet API.</summary>
    public Func<string, CancellationToken, Task<string>>? MintKey { get; init; }

    /// <summary>Turns a path as typed into an absolute one.</summary>
    public Func<string, Task<string>>? ResolvePath { get; init; }
}
