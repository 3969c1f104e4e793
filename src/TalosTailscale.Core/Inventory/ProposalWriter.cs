using System.Text;

namespace TalosTailscale.Core.Inventory;

/// <summary>How a proposed file stands to what is on disk.</summary>
public enum ProposedFileState
{
    /// <summary>It is not there.</summary>
    New,

    /// <summary>It is there and says the same.</summary>
    Same,

    /// <summary>It is there and says something else.</summary>
    Differs,
}

/// <summary>A proposed file, and where it goes.</summary>
/// <param name="File">The file.</param>
/// <param name="FullPath">Where it goes, absolute.</param>
/// <param name="State">What is there.</param>
public sealed record ProposedFile(TsNodeFile File, string FullPath, ProposedFileState State);

/// <summary>Writes proposed entries into a devices folder.</summary>
public static class ProposalWriter
{
    /// <summary>Compares a proposal with what is on disk.</summary>
    /// <param name="folder">The devices folder, absolute; need not be there.</param>
    /// <param name="proposal">The proposal.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <returns>Its files.</returns>
    /// <exception cref="TsException"><see cref="InventoryErrors.InventoryUnreadable"/>, <see cref="InventoryErrors.ProposalInvalid"/>.</exception>
    public static async Task<IReadOnlyList<ProposedFile>> CompareAsync(
        string folder,
        TsNodeProposal proposal,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(proposal);
        var files = new List<ProposedFile>();
        string root = Path.GetFullPath(folder);
        string inside = Path.EndsInDirectorySeparator(root) ? root : root + Path.DirectorySeparatorChar;
        foreach (TsNodeFile file in proposal.Files)
        {
            string path = Path.GetFullPath(Path.Combine(root, file.Path));

            // The objects can be made by anybody, and names come from the cluster: nothing is written outside of the folder.
            if (!path.StartsWith(inside, StringComparison.Ordinal))
                throw InventoryErrors.ProposalInvalid.New(
                    $"'{file.Path}' of '{proposal.Name}' leads out of '{root}'.",
                    proposal.Name
                );
            try
            {
                var state =
                    !File.Exists(path) ? ProposedFileState.New
                    : await File.ReadAllTextAsync(path, cancellation).ConfigureAwait(false) == file.Text
                        ? ProposedFileState.Same
                    : ProposedFileState.Differs;
                files.Add(new ProposedFile(file, path, state));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw InventoryErrors.InventoryUnreadable.New($"'{path}' could not be read: {e.Message}", path, e);
            }
        }

        return files;
    }

    /// <summary>Writes files, with the folders that they need.</summary>
    /// <param name="files">The files.</param>
    /// <param name="cancellation">Stops; each file is written wholly or not at all.</param>
    /// <returns>When they are on disk.</returns>
    /// <exception cref="TsException"><see cref="InventoryErrors.FileNotReplaced"/>.</exception>
    public static async Task WriteAsync(IEnumerable<ProposedFile> files, CancellationToken cancellation)
    {
        foreach (ProposedFile file in files)
        {
            try
            {
                string folder = Path.GetDirectoryName(file.FullPath)!;
                Directory.CreateDirectory(folder);
                string temporary = Path.Combine(folder, "." + Path.GetRandomFileName());
                try
                {
                    await File.WriteAllTextAsync(temporary, file.File.Text, new UTF8Encoding(false), cancellation)
                        .ConfigureAwait(false);
                    File.Move(temporary, file.FullPath, overwrite: true);
                }
                finally
                {
                    File.Delete(temporary);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw InventoryErrors.FileNotReplaced.New(
                    $"'{file.FullPath}' could not be written: {e.Message}",
                    file.FullPath,
                    e
                );
            }
        }
    }
}
