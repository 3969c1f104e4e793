namespace TalosTailscale.Lab;

/// <summary>What a client needs to reach the lab: files in one folder, and environment variables that name them.</summary>
public sealed class LabClientFiles
{
    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal);

    internal LabClientFiles(string folder) => Folder = folder;

    /// <summary>The folder of the files, absolute.</summary>
    public string Folder { get; }

    /// <summary>The environment variables by name.</summary>
    public IReadOnlyDictionary<string, string> Environment => _environment;

    /// <summary>Writes a file that only its owner may read.</summary>
    /// <param name="name">The file's name in <see cref="Folder"/>.</param>
    /// <param name="content">Its text.</param>
    /// <param name="variable">The environment variable that shall name it, if any.</param>
    /// <returns>Its absolute path.</returns>
    public string AddFile(string name, string content, string? variable = null)
    {
        var path = Path.Combine(Folder, name);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(path, options))
            writer.Write(content);
        if (variable is not null)
            AddVariable(variable, path);
        return path;
    }

    /// <summary>Adds an environment variable.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    public void AddVariable(string name, string value) => _environment[name] = value;
}
