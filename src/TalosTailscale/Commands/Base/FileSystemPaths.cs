using System.Collections.ObjectModel;
using System.Management.Automation;
using DriveNotFoundException = System.Management.Automation.DriveNotFoundException;

namespace TalosTailscale.Commands;

/// <summary>Turns what a user typed as a path into absolute file system paths, by the session's rules.</summary>
internal static class FileSystemPaths
{
    public static IReadOnlyList<string> Existing(SessionState session, string path, bool literal)
    {
        // Asked for wildcards too: a path above the root of its drive is silently resolved to that root.
        string full = Unresolved(session, path);
        if (literal)
        {
            return File.Exists(full) || Directory.Exists(full) ? [full] : throw NotFound(path, null);
        }

        Collection<string> resolved;
        ProviderInfo provider;
        try
        {
            resolved = session.Path.GetResolvedProviderPathFromPSPath(path, out provider);
        }
        catch (Exception exception)
            when (exception is ItemNotFoundException or DriveNotFoundException or ProviderNotFoundException)
        {
            throw NotFound(path, exception);
        }
        catch (WildcardPatternException exception)
        {
            throw CommandErrors.PathNotFound.New(
                $"'{path}' is no wildcard that can be understood.",
                path,
                exception,
                recommendedAction: "Give -LiteralPath where the name has brackets in it, or a backtick before each bracket."
            );
        }

        if (provider.Name != "FileSystem")
            throw NotFileSystem(path, provider);
        return resolved.Count > 0 ? resolved : throw NotFound(path, null);
    }

    public static string Unresolved(SessionState session, string path)
    {
        string full;
        ProviderInfo provider;
        try
        {
            full = session.Path.GetUnresolvedProviderPathFromPSPath(path, out provider, out _);
        }
        catch (Exception exception) when (exception is DriveNotFoundException or ProviderNotFoundException)
        {
            throw NotFound(path, exception);
        }
        catch (ProviderInvocationException exception) when (exception.InnerException is PSArgumentException)
        {
            throw CommandErrors.PathNotFound.New($"'{path}' lies above the root of its drive.", path, exception);
        }

        return provider.Name == "FileSystem" ? full : throw NotFileSystem(path, provider);
    }

    private static TsException NotFound(string path, Exception? inner) =>
        CommandErrors.PathNotFound.New($"Nothing was found at '{path}'; an existing file was expected.", path, inner);

    private static TsException NotFileSystem(string path, ProviderInfo provider) =>
        CommandErrors.PathNotFileSystem.New(
            $"'{path}' belongs to the provider '{provider.Name}'; a path of the file system was expected.",
            path
        );
}
