namespace TalosTailscale.Core.Tailnet;

/// <summary>Whether git would leave a file out of a commit.</summary>
public enum GitIgnoreState
{
    /// <summary>Nobody could be asked; where a work tree is, that counts as no.</summary>
    Unknown,

    /// <summary>Git ignores it.</summary>
    Ignored,

    /// <summary>Git would take it, or tracks it already.</summary>
    NotIgnored,

    /// <summary>It is in no work tree.</summary>
    Outside,
}

/// <summary>What git says of a path.</summary>
/// <param name="State">Whether a commit would take it.</param>
/// <param name="Reason">Why nobody could be asked.</param>
/// <param name="Advice">What would help then.</param>
public sealed record GitIgnore(GitIgnoreState State, string Reason = "", string? Advice = null)
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);

    /// <summary>True where a commit could take the file, as far as anybody knows.</summary>
    public bool MayBeTaken => State is GitIgnoreState.NotIgnored or GitIgnoreState.Unknown;

    /// <summary>Asks git about a path (<c>git check-ignore</c>).</summary>
    /// <param name="path">The file, absolute; need not be there.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The answer.</returns>
    public static Task<GitIgnore> CheckAsync(string path, CancellationToken cancellationToken) =>
        CheckAsync(path, ExternalProgram.Find("git"), cancellationToken);

    internal static async Task<GitIgnore> CheckAsync(string path, string? git, CancellationToken cancellationToken)
    {
        var folder = ExistingFolder(path);
        if (folder is null)
            return new GitIgnore(GitIgnoreState.Outside);
        if (git is null)
            return IsInWorkTree(folder)
                ? new GitIgnore(GitIgnoreState.Unknown, "git is not installed")
                : new GitIgnore(GitIgnoreState.Outside);
        // Relative, so that a link on the way does not matter. A tracked file is reported as not ignored whatever
        // .gitignore says, which is what is wanted here.
        var result = await ExternalProgram
            .RunAsync(
                git,
                ["-c", "core.fsmonitor=false", "check-ignore", "--quiet", "--", Path.GetRelativePath(folder, path)],
                folder,
                s_timeout,
                cancellationToken
            )
            .ConfigureAwait(false);
        return result.ExitCode switch
        {
            0 => new GitIgnore(GitIgnoreState.Ignored),
            1 => new GitIgnore(GitIgnoreState.NotIgnored),
            _ when !IsInWorkTree(folder) => new GitIgnore(GitIgnoreState.Outside),
            _ => Failed(result, folder),
        };
    }

    private static GitIgnore Failed(ExternalProgramResult result, string folder) =>
        // Git names this setting in every language.
        result.Error.Contains("safe.directory", StringComparison.Ordinal)
            ? new GitIgnore(
                GitIgnoreState.Unknown,
                "git does not trust the owner of the work tree",
                $"Run 'git config --global --add safe.directory {WorkTree(folder)}', if the work tree is yours;"
            )
            : new GitIgnore(
                GitIgnoreState.Unknown,
                result.TimedOut ? "git did not answer" : $"git said: {result.Error.Trim().Split('\n')[0].TrimEnd('.')}"
            );

    private static bool IsInWorkTree(string folder) => WorkTree(folder) is not null;

    private static string? WorkTree(string folder)
    {
        for (var at = folder; at is not null; at = Path.GetDirectoryName(at))
        {
            if (Path.Exists(Path.Combine(at, ".git")))
                return at;
            // Above a link git looks at the folders of what it leads to.
            if (
                Directory.ResolveLinkTarget(at, returnFinalTarget: true) is { } real
                && WorkTree(real.FullName) is { } there
            )
                return there;
        }

        return null;
    }

    private static string? ExistingFolder(string path)
    {
        var at = Path.GetDirectoryName(path);
        while (at is not null && !Directory.Exists(at))
            at = Path.GetDirectoryName(at);
        return at;
    }
}
