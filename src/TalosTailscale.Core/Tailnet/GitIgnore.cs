namespace TalosTailscale.Core.Tailnet;

/// <summary>Whether git would leave a file out of a commit.</summary>
internal enum GitIgnoreState
{
    /// <summary>Git ignores it.</summary>
    Ignored,

    /// <summary>Git would take it, or tracks it already.</summary>
    NotIgnored,

    /// <summary>It is in no work tree, or there is no git to ask.</summary>
    Unknown,
}

/// <summary>Asks git about a path (<c>git check-ignore</c>), where git is installed.</summary>
internal static class GitIgnore
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);

    public static async Task<GitIgnoreState> CheckAsync(string path, CancellationToken cancellationToken)
    {
        var folder = ExistingFolder(path);
        if (folder is null || ExternalProgram.Find("git") is not { } git)
            return GitIgnoreState.Unknown;
        // A tracked file is reported as not ignored whatever .gitignore says, which is what is wanted here.
        var result = await ExternalProgram
            .RunAsync(
                git,
                ["-c", "core.fsmonitor=false", "check-ignore", "--quiet", "--", path],
                folder,
                s_timeout,
                cancellationToken
            )
            .ConfigureAwait(false);
        return result.ExitCode switch
        {
            0 => GitIgnoreState.Ignored,
            1 => GitIgnoreState.NotIgnored,
            _ => GitIgnoreState.Unknown,
        };
    }

    private static string? ExistingFolder(string path)
    {
        var at = Path.GetDirectoryName(path);
        while (at is not null && !Directory.Exists(at))
            at = Path.GetDirectoryName(at);
        return at;
    }
}
