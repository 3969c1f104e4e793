using IOPath = System.IO.Path;

namespace TalosTailscale.Tests;

/// <summary>A folder of its own for one test, gone at the end.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("talostailscale-").FullName;

    public string this[string name] => IOPath.Combine(Path, name);

    public string Write(string name, string text)
    {
        Directory.CreateDirectory(IOPath.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], text);
        return this[name];
    }

    public string Write(string name, byte[] content)
    {
        Directory.CreateDirectory(IOPath.GetDirectoryName(this[name])!);
        File.WriteAllBytes(this[name], content);
        return this[name];
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
