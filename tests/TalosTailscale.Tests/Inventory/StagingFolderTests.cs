using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Tests.Images;

namespace TalosTailscale.Tests.Inventory;

/// <summary>What is written beside a file until it takes its place, and what is left of it.</summary>
public sealed class StagingFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Git_takes_nothing_of_it_without_any_rule()
    {
        await Tool.RunAsync("git", "init", "-q", _folder.Path);
        using var staging = StagingFolder.In(_folder.Path);
        await File.WriteAllTextAsync(Path.Combine(staging.Path, "s.yaml"), "key", Stop);

        await Tool.RunAsync("git", "-C", _folder.Path, "add", "-A");

        Assert.Equal("", await Tool.RunAsync("git", "-C", _folder.Path, "ls-files"));
    }

    [Fact]
    public void What_a_kill_left_goes_with_the_next_one_and_what_somebody_uses_stays()
    {
        _folder.Write(".talostailscale-killed/.gitignore", "*\n");
        _folder.Write(".talostailscale-killed/s.yaml", "key");
        Directory.CreateDirectory(_folder[".talostailscale-young"]);
        Directory.CreateDirectory(_folder[".talostailscale-old"]);
        Directory.SetLastWriteTimeUtc(_folder[".talostailscale-old"], DateTime.UtcNow.AddHours(-1));
        using var used = StagingFolder.In(_folder.Path);
        File.WriteAllText(Path.Combine(used.Path, "s.yaml"), "key");

        using (StagingFolder.In(_folder.Path))
            Assert.True(File.Exists(Path.Combine(used.Path, "s.yaml")));

        Assert.Equal(
            new[] { Path.GetFileName(used.Path), ".talostailscale-young" }.Order(StringComparer.Ordinal),
            Directory.EnumerateDirectories(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Many_at_once_do_not_disturb_each_other()
    {
        await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(one =>
                    Task.Run(
                        async () =>
                        {
                            for (int round = 0; round < 50; round++)
                                await PrivateFile.ReplaceAsync(_folder[$"many/{one}.yaml"], "key"u8.ToArray(), Stop);
                        },
                        Stop
                    )
                )
        );

        Assert.Equal(8, Directory.EnumerateFiles(_folder["many"]).Count());
    }

    [Fact]
    public async Task A_private_file_is_new_or_old_and_nothing_is_beside_it()
    {
        var path = _folder["deep/s.yaml"];
        await PrivateFile.ReplaceAsync(path, "one"u8.ToArray(), Stop);
        await PrivateFile.ReplaceAsync(path, "two"u8.ToArray(), Stop);

        await Assert.ThrowsAsync<IOException>(() => PrivateFile.CreateAsync(path, "three"u8.ToArray(), Stop));

        Assert.Equal("two", await File.ReadAllTextAsync(path, Stop));
        Assert.Equal([path], Directory.EnumerateFileSystemEntries(_folder["deep"]));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    public void Dispose() => _folder.Dispose();
}
