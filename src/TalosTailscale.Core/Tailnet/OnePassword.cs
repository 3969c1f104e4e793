namespace TalosTailscale.Core.Tailnet;

/// <summary>Reads a secret by the 1Password CLI, run directly: no shell sees the reference or the secret.</summary>
internal static class OnePassword
{
    // op may wait for a fingerprint or for the desktop application.
    private static readonly TimeSpan s_timeout = TimeSpan.FromMinutes(2);

    public static async Task<string> ReadAsync(string reference, CancellationToken cancellationToken)
    {
        var program = ExternalProgram.Find("op")
            ?? throw TailnetErrors.OnePasswordFailed.New(
                $"The 1Password CLI 'op' was not found on the PATH; it is needed to read '{reference}'.",
                reference
            );
        var result = await ExternalProgram
            .RunAsync(program, ["read", "--no-newline", reference], null, s_timeout, cancellationToken)
            .ConfigureAwait(false);
        if (result.TimedOut)
            throw TailnetErrors.OnePasswordFailed.New(
                $"The 1Password CLI gave no answer within {s_timeout.TotalSeconds:0} s for '{reference}'.",
                reference
            );
        return result.ExitCode == 0
            ? result.Output
            : throw TailnetErrors.OnePasswordFailed.New(
                $"The 1Password CLI ended with {result.ExitCode} for '{reference}': {result.Error.Trim()}",
                reference
            );
    }
}
