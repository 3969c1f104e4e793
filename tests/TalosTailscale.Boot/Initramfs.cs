using System.Text;

namespace TalosTailscale.Boot;

/// <summary>An initial file system for the guest, as a cpio archive (newc).</summary>
internal sealed class Initramfs
{
    private readonly MemoryStream _archive = new();
    private readonly HashSet<string> _folders = [];
    private int _inode = 1;

    public void AddFile(string path, byte[] content, bool executable = true)
    {
        AddFolders(path);
        Add(path, content, 0x8000u | (executable ? 0x1EDu : 0x1A4u));
    }

    public void AddFolder(string path)
    {
        AddFolders(path);
        if (_folders.Add(path))
            Add(path, [], 0x4000u | 0x1EDu);
    }

    public byte[] Build()
    {
        Add("TRAILER!!!", [], 0);
        return _archive.ToArray();
    }

    private void AddFolders(string path)
    {
        for (int i = path.IndexOf('/', 1); i > 0; i = path.IndexOf('/', i + 1))
            if (_folders.Add(path[..i]))
                Add(path[..i], [], 0x4000u | 0x1EDu);
    }

    private void Add(string path, byte[] content, uint mode)
    {
        byte[] name = Encoding.UTF8.GetBytes(path + "\0");
        uint[] fields = [(uint)_inode++, mode, 0, 0, 1, 0, (uint)content.Length, 0, 0, 0, 0, (uint)name.Length, 0];
        _archive.Write(Encoding.ASCII.GetBytes("070701" + string.Concat(fields.Select(f => f.ToString("X8", null)))));
        _archive.Write(name);
        Pad();
        _archive.Write(content);
        Pad();
    }

    private void Pad()
    {
        while (_archive.Length % 4 != 0)
            _archive.WriteByte(0);
    }
}
